import type { JSX } from 'preact'
import { Details } from '../ui/details.tsx'
import { Tag } from '../ui/status.tsx'
import type { HistoryEntry } from './shapes.ts'
import { Preview } from './signpost-fields.tsx'
import { absolute } from './times.ts'
import { isWordKey, say, sayCode } from './words.ts'

/** What was said and done, newest first: the reporter's words apart from ours, and ours to them from notes. */
export function HistoryPart({ history }: { history: readonly HistoryEntry[] }): JSX.Element {
  const newestFirst = [...history].reverse().sort((a, b) => b.at.localeCompare(a.at))
  return (
    <section aria-labelledby="history">
      <h2 class="govuk-heading-m" id="history">{say('report.history')}</h2>
      {newestFirst.length === 0 && <p class="govuk-body">{say('report.history_empty')}</p>}
      <ol class="desk-history">
        {newestFirst.map((entry, index) => (
          <li key={`${entry.at} ${entry.action} ${index}`} class={`desk-history__entry desk-history__entry--${sideOf(entry)}`}>
            <Entry entry={entry} />
          </li>
        ))}
      </ol>
    </section>
  )
}

const sideOf = (entry: HistoryEntry): 'theirs' | 'told' | 'ours' =>
  entry.side === 'reporter' ? 'theirs' : entry.text !== '' && entry.told === 'reporter' ? 'told' : 'ours'

function Entry({ entry }: { entry: HistoryEntry }): JSX.Element {
  const theirs = entry.side === 'reporter'
  return (
    <>
      <h3 class="govuk-heading-s desk-last">
        {sayCode('history', entry.action)}
        {entry.label !== '' && <>: <span dir="auto">{entry.label}</span></>}
      </h3>
      <p class="govuk-body-s desk-quiet desk-last">
        <time dateTime={entry.at}>{absolute(entry.at)}</time>
        {entry.who !== '' && <> {say('report.history_by', { who: entry.who })}</>}
      </p>
      {entry.text !== '' && (theirs ? <Theirs words={entry.text} /> : <p class="govuk-body desk-verbatim desk-said" dir="auto">{entry.text}</p>)}
      {entry.services.length > 0 && (
        <Details summary={say('history.services')}><Preview services={entry.services} message="" /></Details>
      )}
      <Facts entry={entry} />
      {entry.note !== '' && (
        <div class="desk-note">
          <Tag colour="grey">{say('history.note')}</Tag>
          <p class="govuk-body desk-verbatim desk-last" dir="auto">{entry.note}</p>
        </div>
      )}
    </>
  )
}

function Theirs({ words }: { words: string }): JSX.Element {
  return (
    <>
      <p class="govuk-body-s desk-last"><strong>{say('history.their_words')}</strong></p>
      <blockquote class="desk-narrative desk-narrative--small" dir="auto">{words}</blockquote>
    </>
  )
}

function Facts({ entry }: { entry: HistoryEntry }): JSX.Element {
  const told = `history.told_${entry.told}`
  return (
    <ul class="govuk-list govuk-body-s desk-facts">
      {entry.reason_label !== '' && <li>{say('history.reason', { reason: entry.reason_label })}</li>}
      {entry.crime_reference !== '' && <li>{say('history.crime_reference')} <bdi>{entry.crime_reference}</bdi></li>}
      {entry.force_name !== '' && <li>{say('history.force', { force: entry.force_name })}</li>}
      {entry.side !== 'reporter' && entry.told !== '' && isWordKey(told) && <li>{say(told)}</li>}
    </ul>
  )
}

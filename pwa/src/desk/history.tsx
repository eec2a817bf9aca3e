import type { JSX } from 'preact'
import type { HistoryEntry } from './shapes.ts'
import { absolute } from './times.ts'
import { say, sayCode } from './words.ts'

/** What was done, newest first, by which organisation. */
export function HistoryPart({ history }: { history: readonly HistoryEntry[] }): JSX.Element {
  const newestFirst = [...history].sort((a, b) => b.at.localeCompare(a.at))
  return (
    <section aria-labelledby="history">
      <h2 class="govuk-heading-m" id="history">{say('report.history')}</h2>
      {newestFirst.length === 0 && <p class="govuk-body">{say('report.history_empty')}</p>}
      <ol class="desk-history">
        {newestFirst.map((entry) => (
          <li key={`${entry.at} ${entry.action}`}>
            <h3 class="govuk-heading-s desk-last">{sayCode('history', entry.action)}</h3>
            <p class="govuk-body-s desk-quiet desk-last">
              <time dateTime={entry.at}>{absolute(entry.at)}</time>
              {entry.who !== '' && <> {say('report.history_by', { who: entry.who })}</>}
            </p>
            {entry.text !== '' && <p class="govuk-body desk-verbatim" dir="auto">{entry.text}</p>}
          </li>
        ))}
      </ol>
    </section>
  )
}

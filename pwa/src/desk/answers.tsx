import type { ComponentChildren, JSX } from 'preact'
import { SummaryList } from '../ui/summary-list.tsx'
import type { SummaryRow } from '../ui/summary-list.tsx'
import {
  answerLabel,
  areaLabel,
  eventLabel,
  languageLabel,
  needLabel,
  noteLines,
  placeLabel,
  roleLabel,
  strandLabel,
  subStrandLabel,
  whenLines,
} from './labels.ts'
import type { LabelledAnswer } from './labels.ts'
import { PicturesPart } from './pictures.tsx'
import { Codes, Standing } from './queue-table.tsx'
import { When } from './when.tsx'
import type { Answered, OpenReport, ShownAnswers } from './report-shape.ts'
import { say, sayCode } from './words.ts'
import type { WordKey } from './words.ts'

type Shown = SummaryRow | null

/** What the person said, by group; then what they kept from this organisation. */
export function AnswersPart({ report }: { report: OpenReport }): JSX.Element {
  const { answers, head } = report
  return (
    <>
      <Narrative words={answers.narrative_original} />
      <PicturesPart report={report} />
      <Group
        title={say('group.incident')}
        rows={[
          row('event_types', answers.event_types, (codes) => <Codes codes={codes} label={eventLabel} />),
          row('when', answers.when, (when) => whenLines(when).map((line) => <div key={line} dir="auto">{line}</div>)),
        ]}
      />
      <Group
        title={say('group.strand')}
        rows={[
          row('strands', answers.strands, (codes) => <Codes codes={codes} label={strandLabel} />),
          row('sub_strands', answers.sub_strands, (codes) => <Codes codes={codes} label={subStrandLabel} />),
        ]}
      />
      <Group
        title={say('group.location')}
        rows={placeRows(answers.where)}
      />
      <Group
        title={say('group.identity')}
        rows={[row('reporter_role', answers.reporter_role, roleLabel), row('name_known_as', answers.name_known_as, own)]}
      />
      <Group
        title={say('group.support')}
        rows={[
          row('support_needs', answers.support_needs, (codes) => <Codes codes={codes} label={needLabel} />),
          row('preferred_language', answers.preferred_language, (code) => <span dir="auto">{languageLabel(code)}</span>),
        ]}
      />
      <Group
        title={say('group.summary')}
        rows={[
          plain('queue.received', <When at={head.received_at} />),
          plain('queue.state', <Standing row={head} />),
          plain('queue.sharing', say(`sharing.${head.sharing_choice}`)),
          plain('queue.area', areaLabel(head.area)),
          plain('report.centre', head.centre_name ?? say('app.not_given')),
          plain('report.channel', sayCode('channel', head.channel)),
          report.note === null ? null : plain('report.note', noteLines(report.note).map((line) => <div key={line}>{line}</div>)),
        ]}
      />
      <Kept id="hidden" groups={report.hiddenGroups} />
      <Kept id="masked" groups={report.maskedGroups} />
    </>
  )
}

/** Verbatim: line breaks, language and direction as the person wrote it. */
function Narrative({ words }: { words: Answered<string> }): JSX.Element | null {
  if (words === null) return null
  return (
    <section aria-labelledby="narrative">
      <h2 class="govuk-heading-m" id="narrative">{say('report.narrative')}</h2>
      <p class="govuk-body-s desk-quiet">{say('report.narrative_note')}</p>
      <blockquote class="desk-narrative" dir="auto">{words}</blockquote>
    </section>
  )
}

function placeRows(where: ShownAnswers['where']): readonly Shown[] {
  if (where === null || where === 'not_answered') return [row('place_type', where, placeLabel)]
  return [
    row('place_type', where.place_type, placeLabel),
    row('postcode', where.postcode, own),
    row('place_text', where.text, own),
  ]
}

function Group({ title, rows }: { title: string; rows: readonly Shown[] }): JSX.Element | null {
  const shown = rows.filter((it) => it !== null)
  if (shown.length === 0) return null
  return (
    <section>
      <h2 class="govuk-heading-m">{title}</h2>
      <SummaryList rows={shown} />
    </section>
  )
}

/** Groups of answers that are not on this page, and why. */
function Kept({ id, groups }: { id: 'hidden' | 'masked'; groups: readonly string[] }): JSX.Element | null {
  if (groups.length === 0) return null
  return (
    <section class="govuk-inset-text" aria-labelledby={id}>
      <h2 class="govuk-heading-s" id={id}>{say(`report.${id}`)}</h2>
      <p class="govuk-body">{say(`report.${id}_why`)}</p>
      <ul class="govuk-list govuk-list--bullet">
        {groups.map((group) => <li key={group}>{sayCode('hidden', group)}</li>)}
      </ul>
    </section>
  )
}

/** null leaves the row out: it was never asked, or it is hidden, which is told once below. */
function row<T>(name: LabelledAnswer, answer: Answered<T>, show: (value: T) => ComponentChildren): Shown {
  if (answer === null) return null
  const value = answer === 'not_answered' ? say('answer.not_answered') : show(answer as T)
  return { id: name, key: answerLabel(name), value }
}

function plain(key: WordKey, value: ComponentChildren): Shown {
  return { id: key, key: say(key), value }
}

const own = (words: string) => <span dir="auto">{words}</span>

import type { JSX } from 'preact'
import { Tag } from '../ui/status.tsx'
import { serverNowMs } from './api.ts'
import { CardTable } from './card-table.tsx'
import { areaLabel, eventLabel, strandLabel } from './labels.ts'
import { addressOf } from './router.ts'
import type { Rows } from './rows.ts'
import type { ReportRow } from './shapes.ts'
import { absolute, duration } from './times.ts'
import { When } from './when.tsx'
import { say, sayCode } from './words.ts'

const COLUMNS = ['reference', 'received', 'area', 'events', 'strands', 'sharing', 'state'] as const

export const rowLinkId = (id: string): string => `report-${id}`

export function QueueTable({ rows }: { rows: Rows }): JSX.Element {
  return (
    <CardTable
      caption={say('queue.caption')}
      columns={COLUMNS.map((column) => say(`queue.${column}`))}
      rows={rows.shown.map((row) => ({ id: row.id, cells: cellsOf(row, rows.left.has(row.id)) }))}
    />
  )
}

/** In the order of COLUMNS. */
function cellsOf(row: ReportRow, left: boolean): readonly (JSX.Element | string)[] {
  return [
    <a class="govuk-link wm-reference" id={rowLinkId(row.id)} href={addressOf({ type: 'report', id: row.id, act: null })}>
      {row.reference}
    </a>,
    <When at={row.received_at} />,
    areaLabel(row.area),
    <Codes codes={row.event_types} label={eventLabel} />,
    <Codes codes={row.strands} label={strandLabel} />,
    say(`sharing.${row.sharing_choice}`),
    <Standing row={row} left={left} />,
  ]
}

/** Where it stands and what it waits for, in words: colour only repeats them. */
export function Standing({ row, left = false }: { row: ReportRow; left?: boolean }): JSX.Element {
  return (
    <ul class="desk-codes desk-tags">
      {left && <li><Tag colour="grey">{say('queue.left')}</Tag></li>}
      {row.reply_waiting && <li><Tag colour="yellow">{say('queue.reply')}</Tag></li>}
      {row.overdue && <li><Tag colour="red">{say('queue.overdue')}</Tag></li>}
      {row.offer !== null && <li><Tag colour="yellow">{sayCode('offer', row.offer)}</Tag></li>}
      <li><StateTag state={row.state} /></li>
      {row.with_pictures && <li><Tag colour="grey">{say('queue.pictures')}</Tag></li>}
      {row.due_at !== null && row.due_for !== null && <li class="desk-due">{dueWords(row, row.due_at, row.due_for)}</li>}
    </ul>
  )
}

function dueWords(row: ReportRow, at: string, what: string): string {
  const act = sayCode('due', what)
  if (!row.overdue) return say('queue.due', { act, at: absolute(at) })
  return say('queue.due_since', { act, span: duration(serverNowMs() - Date.parse(at)) })
}

export function StateTag({ state }: { state: string }): JSX.Element {
  const waits = state === 'awaiting_triage' || state === 'received' || state === 'screened'
  return <Tag colour={waits ? 'yellow' : 'plain'}>{sayCode('state', state)}</Tag>
}

export function Codes({ codes, label }: { codes: readonly string[]; label: (code: string) => string }): JSX.Element {
  if (codes.length === 0) return <span class="desk-quiet">{say('queue.none')}</span>
  return (
    <ul class="desk-codes">
      {codes.map((code) => <li key={code}>{label(code)}</li>)}
    </ul>
  )
}

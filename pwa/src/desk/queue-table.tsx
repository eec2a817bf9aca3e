import type { JSX } from 'preact'
import { Tag } from '../ui/status.tsx'
import { CardTable } from './card-table.tsx'
import { areaLabel, eventLabel, strandLabel } from './labels.ts'
import { addressOf } from './router.ts'
import type { ReportRow } from './shapes.ts'
import { When } from './when.tsx'
import { say, sayCode } from './words.ts'

const COLUMNS = ['reference', 'received', 'area', 'strands', 'events', 'sharing', 'state', 'acknowledged'] as const

export const rowLinkId = (id: string): string => `report-${id}`

export function QueueTable({ rows }: { rows: readonly ReportRow[] }): JSX.Element {
  return (
    <CardTable
      caption={say('queue.caption')}
      columns={COLUMNS.map((column) => say(`queue.${column}`))}
      rows={rows.map((row) => ({ id: row.id, cells: cellsOf(row) }))}
    />
  )
}

/** In the order of COLUMNS. */
function cellsOf(row: ReportRow): readonly (JSX.Element | string)[] {
  return [
    <a class="govuk-link wm-reference" id={rowLinkId(row.id)} href={addressOf({ type: 'report', id: row.id })}>
      {row.reference}
    </a>,
    <When at={row.received_at} />,
    areaLabel(row.area),
    <Codes codes={row.strands} label={strandLabel} />,
    <Codes codes={row.event_types} label={eventLabel} />,
    say(`sharing.${row.sharing_choice}`),
    <StateTag state={row.state} />,
    row.acknowledged_at === null ? say('queue.not_acknowledged') : <When at={row.acknowledged_at} />,
  ]
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

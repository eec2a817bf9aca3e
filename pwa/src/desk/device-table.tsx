import type { JSX } from 'preact'
import { CardTable } from './card-table.tsx'
import type { EnrolledDevice } from './shapes.ts'
import { absolute } from './times.ts'
import { say, sayCount } from './words.ts'
import { When } from './when.tsx'

export function DeviceTable({ devices }: { devices: readonly EnrolledDevice[] }): JSX.Element {
  if (devices.length === 0) return <p class="govuk-body">{say('devices.none')}</p>
  return (
    <CardTable
      caption={say('devices.list')}
      columns={[say('devices.name'), say('devices.last_seen'), say('devices.queued'), say('devices.enrolled')]}
      rows={devices.map((device) => ({
        id: device.id,
        cells: [
          <span dir="auto">{device.label}</span>,
          device.last_seen_at === null ? say('devices.never') : <When at={device.last_seen_at} />,
          device.queued === null ? say('devices.queued_unknown') : sayCount('devices.queued', device.queued),
          absolute(device.enrolled_at),
        ],
      }))}
    />
  )
}

import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { Button } from '../ui/button.tsx'
import { SummaryList } from '../ui/summary-list.tsx'
import type { SummaryRow } from '../ui/summary-list.tsx'
import { GapPart } from './device-gap.tsx'
import { LeavePart } from './device-leave.tsx'
import { clockOf, waitsOn } from './device-words.ts'
import type { EnrolledDevice } from './shapes.ts'
import { absolute } from './times.ts'
import { When } from './when.tsx'
import { say, sayCode } from './words.ts'

type DeviceCardProps = {
  readonly device: EnrolledDevice
  /** Something was done: what to say, and what is on the page is old. */
  readonly done: (told: string) => void
}

/** One tablet: what it last said of itself, what never came of it, and how it is taken out. */
export function DeviceCard({ device, done }: DeviceCardProps): JSX.Element {
  const [leaving, setLeaving] = useState(false)
  const title = `device-${device.id}`
  return (
    <section class="wm-card wm-column" aria-labelledby={title}>
      <h3 class="govuk-heading-s" id={title} dir="auto">{device.label}</h3>
      <SummaryList rows={rowsOf(device)} />
      {device.gaps.map((gap) => (
        <GapPart key={`${gap.epoch}-${gap.first_seq}`} device={device} gap={gap} done={done} />
      ))}
      {device.revoked_at !== null && <p class="govuk-body">{say('devices.left_waits')}</p>}
      {device.revoked_at === null && !leaving && (
        <Button kind="secondary" className="desk-last" describedBy={title} onClick={() => setLeaving(true)}>
          {say('devices.leave')}
        </Button>
      )}
      {leaving && device.revoked_at === null && (
        <LeavePart device={device} done={done} cancel={() => setLeaving(false)} />
      )}
    </section>
  )
}

function rowsOf(device: EnrolledDevice): readonly SummaryRow[] {
  const { revoked_at, last_seen_at, app_build, storage } = device
  const clock = clockOf(device)
  return [
    ...(revoked_at === null
      ? []
      : [{ id: 'left', key: say('devices.left'), value: say('devices.left_since', { at: absolute(revoked_at) }) }]),
    { id: 'waits', key: say('devices.waits'), value: waitsOn(device) },
    {
      id: 'seen',
      key: say('devices.last_seen'),
      value: last_seen_at === null ? say('devices.never') : <When at={last_seen_at} />,
    },
    ...(storage === null ? [] : [{ id: 'storage', key: say('devices.storage'), value: sayCode('devices', `storage_${storage}`) }]),
    ...(clock === null ? [] : [{ id: 'clock', key: say('devices.clock'), value: clock }]),
    ...(app_build === null || app_build === '' ? [] : [{ id: 'build', key: say('devices.build'), value: app_build }]),
    { id: 'enrolled', key: say('devices.enrolled'), value: absolute(device.enrolled_at) },
  ]
}

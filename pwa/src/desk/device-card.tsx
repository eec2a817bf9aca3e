import type { JSX } from 'preact'
import { useLayoutEffect, useRef, useState } from 'preact/hooks'
import { Button } from '../ui/button.tsx'
import { Tag } from '../ui/status.tsx'
import { SummaryList } from '../ui/summary-list.tsx'
import type { SummaryRow } from '../ui/summary-list.tsx'
import { serverNowMs } from './api.ts'
import { GapPart } from './device-gap.tsx'
import { LeavePart } from './device-leave.tsx'
import { concernsOf } from './device-state.ts'
import type { Concern } from './device-state.ts'
import { buildOf, clockOf, heldOf, leavingOf, lockOf, waitsOn } from './device-words.ts'
import type { EnrolledDevice } from './shapes.ts'
import { absolute } from './times.ts'
import { When } from './when.tsx'
import { say, sayCode } from './words.ts'

type DeviceCardProps = {
  readonly device: EnrolledDevice
  /** Something was done: what to say, and what is on the page is old. */
  readonly done: (told: string) => void
}

const GRAVE: readonly Concern[] = ['copied', 'lost', 'waiting_long', 'build_over']

/** One tablet: what it needs, what it last said of itself, what never came of it, and how it is taken out. */
export function DeviceCard({ device, done }: DeviceCardProps): JSX.Element {
  const [leaving, setLeaving] = useState(false)
  const title = `device-${device.id}`
  const opener = useRef<HTMLDivElement>(null)
  const cancelled = useRef(false)
  // Only once the button is there again: the focus goes back to where it came from.
  useLayoutEffect(() => {
    if (cancelled.current && !leaving) opener.current?.querySelector('button')?.focus()
    cancelled.current = false
  }, [leaving])
  const cancel = () => {
    cancelled.current = true
    setLeaving(false)
  }
  return (
    <section class="wm-card wm-column" aria-labelledby={title}>
      <h3 class="govuk-heading-s" id={title} dir="auto">{device.label}</h3>
      <Needs device={device} />
      <SummaryList rows={rowsOf(device)} />
      {device.gaps.map((gap) => (
        <GapPart key={`${gap.epoch}-${gap.first_seq}`} device={device} gap={gap} done={done} />
      ))}
      {device.revoked_at === null && !leaving && (
        <div ref={opener}>
          <Button kind="secondary" className="desk-last" describedBy={title} onClick={() => setLeaving(true)}>
            {say('devices.leave')}
          </Button>
        </div>
      )}
      {leaving && device.revoked_at === null && (
        <LeavePart device={device} done={done} cancel={cancel} />
      )}
    </section>
  )
}

/** What a person can do about it, the worst first. Colour only repeats the words. */
function Needs({ device }: { device: EnrolledDevice }): JSX.Element | null {
  const concerns = concernsOf(device, serverNowMs())
  if (concerns.length === 0) return null
  return (
    <ul class="govuk-list desk-tags">
      {concerns.map((concern) => (
        <li key={concern}>
          <Tag colour={GRAVE.includes(concern) ? 'red' : 'yellow'}>{say(`concern.${concern}`)}</Tag>{' '}
          {say(`concern_next.${concern}`)}
        </li>
      ))}
    </ul>
  )
}

function rowsOf(device: EnrolledDevice): readonly SummaryRow[] {
  const { last_seen_at, storage } = device
  const [clock, build, leaving, held] = [clockOf(device), buildOf(device), leavingOf(device), heldOf(device)]
  const lock = lockOf(device, serverNowMs())
  return [
    ...(leaving === null ? [] : [{ id: 'left', key: say('devices.left'), value: leaving }]),
    ...(held === null ? [] : [{ id: 'held', key: say('devices.held_then'), value: held }]),
    { id: 'waits', key: say('devices.waits'), value: waitsOn(device, serverNowMs()) },
    {
      id: 'seen',
      key: say('devices.last_seen'),
      value: last_seen_at === null ? say('devices.never') : <When at={last_seen_at} />,
    },
    ...(lock === null ? [] : [{ id: 'lock', key: say('devices.lock'), value: lock }]),
    ...(storage === null ? [] : [{ id: 'storage', key: say('devices.storage'), value: sayCode('devices', `storage_${storage}`) }]),
    ...(clock === null ? [] : [{ id: 'clock', key: say('devices.clock'), value: clock }]),
    ...(build === null ? [] : [{ id: 'build', key: say('devices.build'), value: build }]),
    { id: 'enrolled', key: say('devices.enrolled'), value: absolute(device.enrolled_at) },
    ...(device.keys_since === null ? [] : [{ id: 'keys', key: say('devices.keys'), value: absolute(device.keys_since) }]),
  ]
}

import type { JSX } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { Button } from '../ui/button.tsx'
import { NotificationBanner } from '../ui/notices.tsx'
import { LiveRegion } from '../ui/status.tsx'
import * as api from './api.ts'
import { DeviceCard } from './device-card.tsx'
import { byNeed, concernsOf } from './device-state.ts'
import { EnrolPart } from './enrol.tsx'
import { Heading } from './heading.tsx'
import { Loading, RefusalNotice } from './notices.tsx'
import type { EnrolledDevice } from './shapes.ts'
import { clock } from './times.ts'
import { say, sayCount } from './words.ts'

type Shown =
  | { readonly status: 'loading' }
  | { readonly status: 'failed'; readonly refusal: api.Refusal }
  | { readonly status: 'listed'; readonly devices: readonly EnrolledDevice[] }

/** The centre's tablets: enrol one, see what each still holds, take one out. */
export function DevicesScreen(): JSX.Element {
  const [shown, setShown] = useState<Shown>({ status: 'loading' })
  const refresh = async () => {
    const listed = await list()
    // A list on the screen is worth more than the news that it could not be read again.
    setShown((before) => (listed.status === 'failed' && before.status === 'listed' ? before : listed))
    return listed.status === 'listed'
  }
  const [looked, setLooked] = useState('')
  const again = async () => {
    const fresh = await refresh()
    setLooked(fresh ? say('devices.looked', { clock: clock(api.serverNowMs()) }) : say('devices.not_looked'))
  }
  useEffect(() => void refresh(), [])
  const [told, setTold] = useState({ text: '', times: 0 })
  const done = (text: string) => {
    setTold(({ times }) => ({ text, times: times + 1 }))
    void refresh()
  }

  return (
    <>
      <Heading>{say('devices.title')}</Heading>
      {told.text !== '' && (
        <NotificationBanner key={told.times} id="done" title={say('ack.success')} success takesFocus>
          <p class="govuk-notification-banner__heading" dir="auto">{told.text}</p>
        </NotificationBanner>
      )}
      <EnrolPart look={async () => void (await refresh())} />
      <h2 class="govuk-heading-m">{say('devices.list')}</h2>
      <LiveRegion>
        {shown.status === 'listed' && shown.devices.length > 0 && <p class="govuk-body">{summary(shown.devices)}</p>}
        {looked !== '' && <p class="govuk-body desk-quiet">{looked}</p>}
      </LiveRegion>
      {shown.status === 'listed' && shown.devices.length > 0 && (
        <Button kind="secondary" onClick={() => void again()}>{say('devices.look')}</Button>
      )}
      {shown.status === 'loading' && <Loading>{say('devices.loading')}</Loading>}
      {shown.status === 'failed' && <RefusalNotice refusal={shown.refusal} retry={refresh} />}
      {shown.status === 'listed' && shown.devices.length === 0 && <p class="govuk-body">{say('devices.none')}</p>}
      {shown.status === 'listed' &&
        byNeed(shown.devices, api.serverNowMs()).map((device) => (
          <DeviceCard key={device.id} device={device} done={done} />
        ))}
    </>
  )
}

function summary(devices: readonly EnrolledDevice[]): string {
  const now = api.serverNowMs()
  const calling = devices.filter((device) => concernsOf(device, now).length > 0).length
  return calling === 0 ? say('devices.all_well') : sayCount('devices.calling', calling, { all: devices.length })
}

async function list(): Promise<Shown> {
  try {
    return { status: 'listed', devices: await api.devices() }
  } catch (error) {
    if (!(error instanceof api.Refusal)) throw error
    return { status: 'failed', refusal: error }
  }
}

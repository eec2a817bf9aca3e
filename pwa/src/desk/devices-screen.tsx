import type { JSX } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { NotificationBanner } from '../ui/notices.tsx'
import * as api from './api.ts'
import { DeviceCard } from './device-card.tsx'
import { inOrder } from './device-words.ts'
import { EnrolPart } from './enrol.tsx'
import { Heading } from './heading.tsx'
import { Loading, RefusalNotice } from './notices.tsx'
import type { EnrolledDevice } from './shapes.ts'
import { say } from './words.ts'

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
      <EnrolPart look={refresh} />
      <h2 class="govuk-heading-m">{say('devices.list')}</h2>
      {shown.status === 'loading' && <Loading>{say('devices.loading')}</Loading>}
      {shown.status === 'failed' && <RefusalNotice refusal={shown.refusal} retry={refresh} />}
      {shown.status === 'listed' && shown.devices.length === 0 && <p class="govuk-body">{say('devices.none')}</p>}
      {shown.status === 'listed' &&
        inOrder(shown.devices, api.serverNowMs()).map((device) => (
          <DeviceCard key={device.id} device={device} done={done} />
        ))}
    </>
  )
}

async function list(): Promise<Shown> {
  try {
    return { status: 'listed', devices: await api.devices() }
  } catch (error) {
    if (!(error instanceof api.Refusal)) throw error
    return { status: 'failed', refusal: error }
  }
}

import type { JSX } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import * as api from './api.ts'
import { DeviceTable } from './device-table.tsx'
import { EnrolPart } from './enrol.tsx'
import { Heading } from './heading.tsx'
import { Loading, RefusalNotice } from './notices.tsx'
import type { EnrolledDevice } from './shapes.ts'
import { say } from './words.ts'

type Shown =
  | { readonly status: 'loading' }
  | { readonly status: 'failed'; readonly refusal: api.Refusal }
  | { readonly status: 'listed'; readonly devices: readonly EnrolledDevice[] }

/** The centre's tablets: enrol one, and see which have been silent. */
export function DevicesScreen(): JSX.Element {
  const [shown, setShown] = useState<Shown>({ status: 'loading' })
  const refresh = async () => {
    const listed = await list()
    // A list on the screen is worth more than the news that it could not be read again.
    setShown((before) => (listed.status === 'failed' && before.status === 'listed' ? before : listed))
  }
  useEffect(() => void refresh(), [])

  return (
    <>
      <Heading>{say('devices.title')}</Heading>
      <EnrolPart look={refresh} />
      <h2 class="govuk-heading-m">{say('devices.list')}</h2>
      {shown.status === 'loading' && <Loading>{say('devices.loading')}</Loading>}
      {shown.status === 'failed' && <RefusalNotice refusal={shown.refusal} retry={refresh} />}
      {shown.status === 'listed' && <DeviceTable devices={shown.devices} />}
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

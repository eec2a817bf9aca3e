import type { JSX } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import * as api from './api.ts'
import { CardTable } from './card-table.tsx'
import { Heading } from './heading.tsx'
import { reasonLabel } from './labels.ts'
import { Loading, RefusalNotice } from './notices.tsx'
import type { QuarantineEntry } from './shapes.ts'
import { When } from './when.tsx'
import { say, sayCode, sayCount } from './words.ts'

type Shown =
  | { readonly status: 'loading' }
  | { readonly status: 'failed'; readonly refusal: api.Refusal }
  | { readonly status: 'listed'; readonly entries: readonly QuarantineEntry[] }

/** What could not be opened: metadata only, as nobody knows what its sharing choice is. */
export function QuarantineScreen(): JSX.Element {
  const [shown, setShown] = useState<Shown>({ status: 'loading' })
  const refresh = () => list().then(setShown)
  useEffect(() => void refresh(), [])
  return (
    <>
      <Heading>{say('quarantine.title')}</Heading>
      <p class="govuk-body">{say('quarantine.about')}</p>
      {shown.status === 'loading' && <Loading>{say('quarantine.loading')}</Loading>}
      {shown.status === 'failed' && <RefusalNotice refusal={shown.refusal} retry={refresh} />}
      {shown.status === 'listed' && <Entries entries={shown.entries} />}
    </>
  )
}

async function list(): Promise<Shown> {
  try {
    return { status: 'listed', entries: await api.quarantine() }
  } catch (error) {
    if (!(error instanceof api.Refusal)) throw error
    return { status: 'failed', refusal: error }
  }
}

function Entries({ entries }: { entries: readonly QuarantineEntry[] }): JSX.Element {
  if (entries.length === 0) return <p class="govuk-body">{say('quarantine.none')}</p>
  return (
    <CardTable
      caption={say('quarantine.caption')}
      columns={[
        say('quarantine.device'),
        say('quarantine.received'),
        say('quarantine.lane'),
        say('quarantine.reason'),
        say('quarantine.size'),
      ]}
      rows={entries.map((entry) => ({
        id: entry.id,
        cells: [
          <span class="wm-reference">{entry.device_id_short || say('app.not_given')}</span>,
          <When at={entry.received_at} />,
          sayCode('lane', entry.lane),
          reasonLabel(entry.reason),
          sayCount('size.bytes', entry.bytes),
        ],
      }))}
    />
  )
}

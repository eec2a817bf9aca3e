import type { JSX } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { Button } from '../ui/button.tsx'
import * as api from './api.ts'
import { CardTable } from './card-table.tsx'
import { Heading } from './heading.tsx'
import { nextLabel, reasonLabel } from './labels.ts'
import { Loading, RefusalNotice } from './notices.tsx'
import type { QuarantineEntry, QuarantinePage } from './shapes.ts'
import { When } from './when.tsx'
import { say, sayCode, sayCount } from './words.ts'

const KINDS = ['', 'dead_letter', 'quarantined', 'conflict'] as const
type Kind = (typeof KINDS)[number]

type Shown =
  | { readonly status: 'loading' }
  | { readonly status: 'failed'; readonly refusal: api.Refusal }
  | { readonly status: 'listed'; readonly page: QuarantinePage }

/** What could not be opened: metadata only, as nobody knows what its sharing choice is. */
export function QuarantineScreen(): JSX.Element {
  const [shown, setShown] = useState<Shown>({ status: 'loading' })
  const [asked, setAsked] = useState<{ kind: Kind; cursor: string }>({ kind: '', cursor: '' })
  const [told, setTold] = useState('')
  const refresh = () => list(asked.kind, asked.cursor).then(setShown)
  useEffect(() => {
    let current = true
    void list(asked.kind, asked.cursor).then((found) => current && setShown(found))
    return () => {
      current = false
    }
  }, [asked])
  const again = async (ids: readonly string[]) => {
    try {
      setTold(sayCount('quarantine.reopened', await api.reopen(ids)))
      await refresh()
    } catch (error) {
      setShown({ status: 'failed', refusal: refusalOf(error) })
    }
  }
  return (
    <>
      <Heading>{say('quarantine.title')}</Heading>
      <p class="govuk-body">{say('quarantine.about')}</p>
      <Kinds chosen={asked.kind} choose={(kind) => setAsked({ kind, cursor: '' })} />
      <p class="govuk-body" role="status">{told}</p>
      {shown.status === 'loading' && <Loading>{say('quarantine.loading')}</Loading>}
      {shown.status === 'failed' && <RefusalNotice refusal={shown.refusal} retry={refresh} />}
      {shown.status === 'listed' && <Entries entries={shown.page.items} again={again} />}
      {shown.status === 'listed' && (
        <Paging page={shown.page} first={asked.cursor === ''} go={(cursor) => setAsked({ ...asked, cursor })} />
      )}
    </>
  )
}

async function list(kind: Kind, cursor: string): Promise<Shown> {
  try {
    return { status: 'listed', page: await api.quarantine(kind, cursor) }
  } catch (error) {
    return { status: 'failed', refusal: refusalOf(error) }
  }
}

function refusalOf(error: unknown): api.Refusal {
  if (error instanceof api.Refusal) return error
  throw error
}

function Kinds({ chosen, choose }: { chosen: Kind; choose: (kind: Kind) => void }): JSX.Element {
  return (
    <div class="govuk-form-group">
      <label class="govuk-label" for="kind">{say('quarantine.kind')}</label>
      <select
        class="govuk-select"
        id="kind"
        value={chosen}
        onChange={(event) => choose(KINDS.find((kind) => kind === event.currentTarget.value) ?? '')}
      >
        {KINDS.map((kind) => (
          <option key={kind} value={kind}>{say(`quarantine.kind_${kind === '' ? 'all' : kind}`)}</option>
        ))}
      </select>
    </div>
  )
}

type EntriesProps = {
  readonly entries: readonly QuarantineEntry[]
  readonly again: (ids: readonly string[]) => Promise<void>
}

function Entries({ entries, again }: EntriesProps): JSX.Element {
  if (entries.length === 0) return <p class="govuk-body">{say('quarantine.none')}</p>
  const held = entries.filter((entry) => entry.state !== 'conflict').map((entry) => entry.id)
  return (
    <>
      {held.length > 0 && (
        <Button kind="secondary" onClick={() => void again(held)}>{say('quarantine.again')}</Button>
      )}
      <CardTable
        caption={say('quarantine.caption')}
        columns={[
          say('quarantine.device'),
          say('quarantine.received'),
          say('quarantine.lane'),
          say('quarantine.reason'),
          say('quarantine.next'),
          say('quarantine.size'),
        ]}
        rows={entries.map((entry) => ({
          id: `${entry.id}-${entry.received_at}`,
          cells: [
            <span class="wm-reference">{entry.device_id_short || say('app.not_given')}</span>,
            <When at={entry.received_at} />,
            sayCode('lane', entry.lane),
            reasonLabel(entry.reason),
            nextLabel(entry.reason),
            sayCount('size.bytes', entry.bytes),
          ],
        }))}
      />
    </>
  )
}

type PagingProps = {
  readonly page: QuarantinePage
  readonly first: boolean
  readonly go: (cursor: string) => void
}

function Paging({ page: { next }, first, go }: PagingProps): JSX.Element | null {
  if (next === null && first) return null
  return (
    <nav class="desk-paging" aria-label={say('queue.paging')}>
      {!first && <Button kind="secondary" onClick={() => go('')}>{say('queue.newest')}</Button>}
      {next !== null && <Button kind="secondary" onClick={() => go(next)}>{say('queue.older')}</Button>}
    </nav>
  )
}

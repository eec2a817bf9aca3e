import type { JSX } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import * as api from './api.ts'
import { Arrivals } from './arrivals.tsx'
import { FilterPanel } from './filter-panel.tsx'
import { isNarrowed, QUEUES, UNFILTERED } from './filters.ts'
import type { Filters } from './filters.ts'
import { FloodNotice, Floods } from './floods.tsx'
import { Heading } from './heading.tsx'
import { isLive, listen } from './live.ts'
import { Loading, RefusalNotice } from './notices.tsx'
import { load, look, POLL_MS, queueNow, takeCounts } from './queue.ts'
import type { Queue } from './queue.ts'
import { QueueTable } from './queue-table.tsx'
import { addressOf } from './router.ts'
import { isPolice } from './shapes.ts'
import type { Choices, Counts, User } from './shapes.ts'
import { say, sayCount } from './words.ts'

type Props = { readonly filters: Filters; readonly cursor: string | null; readonly user: User }

/** The list of reports this login may see, newest first. */
export function QueueScreen({ filters, cursor, user }: Props): JSX.Element {
  const address = addressOf({ type: 'queue', filters, cursor })
  useEffect(() => void load(filters, cursor), [address])
  useEffect(stayInformed, [])
  const [choices, setChoices] = useState<Choices | null>(null)
  useEffect(() => void api.choices().then(setChoices, () => undefined), [])
  const queue = queueNow.value
  return (
    <>
      <Heading>{say('queue.title')}</Heading>
      {queue.counts !== null && <p class="govuk-body">{waitingLine(queue.counts.waiting)}</p>}
      <FloodNotice filters={filters} counts={queue.counts} />
      <Tabs filters={filters} counts={queue.counts} user={user} />
      <FilterPanel key={address} filters={filters} choices={choices} />
      {filters.queue === 'apart' && <Floods counts={queue.counts} reload={() => load(filters, cursor)} />}
      <List queue={queue} />
    </>
  )
}

const COUNT_MAX = 1_000 // the server stops counting there

function waitingLine(count: number): string {
  return count < COUNT_MAX ? sayCount('queue.waiting', count) : say('queue.waiting_many', { count })
}

/** A page in the background holds no stream and asks for nothing; it looks at once when it is seen again. */
function stayInformed(): () => void {
  let stop: (() => void) | null = null
  const heard = (counts: Counts) => {
    takeCounts(counts)
    void look()
  }
  const follow = () => {
    if (document.visibilityState !== 'visible') {
      stop?.()
      stop = null
    } else if (stop === null) {
      stop = listen(heard)
      void look()
    }
  }
  follow()
  const timer = setInterval(() => stop !== null && !isLive.value && void look(), POLL_MS)
  document.addEventListener('visibilitychange', follow)
  return () => {
    stop?.()
    clearInterval(timer)
    document.removeEventListener('visibilitychange', follow)
  }
}

type TabsProps = { readonly filters: Filters; readonly counts: Counts | null; readonly user: User }

/** The other filters stay as they are: a tab is one more thing to look for. */
function Tabs({ filters, counts, user }: TabsProps): JSX.Element {
  const apart = filters.queue === 'apart' || (counts?.apart ?? 0) > 0
  const queues = QUEUES.filter((queue) => (queue !== 'offered' || isPolice(user.role)) && (queue !== 'apart' || apart))
  return (
    <nav aria-label={say('queue.filter_label')}>
      <ul class="desk-filter">
        {[null, ...queues].map((queue) => (
          <li key={queue}>
            <a
              class="desk-filter__link"
              href={addressOf({ type: 'queue', filters: { ...filters, queue }, cursor: null })}
              aria-current={queue === filters.queue ? 'page' : undefined}
            >
              {say(`queue.filter_${queue ?? 'all'}`)}
              {queue !== null && counts !== null && <TabCount queue={queue} count={counts[queue]} />}
            </a>
          </li>
        ))}
      </ul>
    </nav>
  )
}

function TabCount({ queue, count }: { queue: string; count: number }): JSX.Element {
  const calls = count > 0 && (queue === 'reply_waiting' || queue === 'offered' || queue === 'apart')
  return (
    <span class={`desk-count${calls ? ' desk-count--calls' : ''}`}>
      {count < COUNT_MAX ? count : say('queue.count_many', { count })}
    </span>
  )
}

function List({ queue }: { queue: Queue }): JSX.Element {
  if (queue.status === 'loading') return <Loading>{say('queue.loading')}</Loading>
  if (queue.status === 'failed' && queue.refusal !== null) {
    return <RefusalNotice refusal={queue.refusal} retry={() => load(queue.filters, queue.cursor)} />
  }
  return (
    <>
      <Arrivals queue={queue} />
      {queue.rows.shown.length === 0 ? <Empty filters={queue.filters} /> : <QueueTable rows={queue.rows} />}
      <Paging queue={queue} />
    </>
  )
}

function Empty({ filters }: { filters: Filters }): JSX.Element {
  if (isNarrowed(filters)) {
    return (
      <div class="wm-card">
        <h2 class="govuk-heading-m">{say('queue.empty_narrowed')}</h2>
        <p class="govuk-body desk-alone">
          <a class="govuk-link" href={addressOf({ type: 'queue', filters: { ...UNFILTERED, queue: filters.queue }, cursor: null })}>
            {say('filter.clear')}
          </a>
        </p>
      </div>
    )
  }
  return (
    <div class="wm-card">
      <h2 class="govuk-heading-m">{say(filters.queue === null ? 'queue.empty' : 'queue.empty_queue')}</h2>
      <p class="govuk-body">{say('queue.empty_next')}</p>
    </div>
  )
}

/** Older pages have an address of their own, so that Back leads to where one was. */
function Paging({ queue: { filters, cursor, next, rows } }: { queue: Queue }): JSX.Element | null {
  if (rows.shown.length === 0 && cursor === null) return null
  return (
    <nav class="desk-paging" aria-label={say('queue.paging')}>
      {cursor !== null && (
        <a class="govuk-link" href={addressOf({ type: 'queue', filters, cursor: null })}>{say('queue.newest')}</a>
      )}
      {next === null ? (
        <span class="desk-quiet">{say('queue.end')}</span>
      ) : (
        <a class="govuk-link" href={addressOf({ type: 'queue', filters, cursor: next })}>{say('queue.older')}</a>
      )}
    </nav>
  )
}

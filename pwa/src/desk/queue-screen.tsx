import type { JSX } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { Button } from '../ui/button.tsx'
import { HiddenLiveRegion } from '../ui/status.tsx'
import { Arrivals } from './arrivals.tsx'
import { Heading } from './heading.tsx'
import { Loading, RefusalNotice } from './notices.tsx'
import { load, loadMore, look, POLL_MS, queueNow } from './queue.ts'
import type { Queue } from './queue.ts'
import { QueueTable } from './queue-table.tsx'
import { addressOf, STATE_FILTERS } from './router.ts'
import type { StateFilter } from './router.ts'
import { say, sayCount } from './words.ts'

/** The list of reports this login may see, newest first. */
export function QueueScreen({ state }: { state: StateFilter | null }): JSX.Element {
  useEffect(() => void load(state), [state])
  useEffect(lookOften, [])
  const queue = queueNow.value
  return (
    <>
      <Heading>{say('queue.title')}</Heading>
      {queue.freshAt !== null && <p class="govuk-body">{waitingLine(queue.waiting)}</p>}
      <Filter chosen={state} />
      <List queue={queue} />
    </>
  )
}

const COUNT_MAX = 1_000 // the server stops counting there

function waitingLine(count: number): string {
  return count < COUNT_MAX ? sayCount('queue.waiting', count) : say('queue.waiting_many', { count })
}

/** A page in the background asks for nothing; it looks at once when it is seen again. */
function lookOften(): () => void {
  const lookIfSeen = () => {
    if (document.visibilityState === 'visible') void look()
  }
  const timer = setInterval(lookIfSeen, POLL_MS)
  document.addEventListener('visibilitychange', lookIfSeen)
  return () => {
    clearInterval(timer)
    document.removeEventListener('visibilitychange', lookIfSeen)
  }
}

function Filter({ chosen }: { chosen: StateFilter | null }): JSX.Element {
  return (
    <nav aria-label={say('queue.filter_label')}>
      <ul class="desk-filter">
        {[null, ...STATE_FILTERS].map((state) => (
          <li key={state}>
            <a
              class="desk-filter__link"
              href={addressOf({ type: 'queue', state })}
              aria-current={state === chosen ? 'page' : undefined}
            >
              {say(`queue.filter_${state ?? 'all'}`)}
            </a>
          </li>
        ))}
      </ul>
    </nav>
  )
}

function List({ queue }: { queue: Queue }): JSX.Element {
  if (queue.status === 'loading') return <Loading>{say('queue.loading')}</Loading>
  if (queue.status === 'failed' && queue.refusal !== null) {
    return <RefusalNotice refusal={queue.refusal} retry={() => load(queue.filter)} />
  }
  return (
    <>
      <Arrivals queue={queue} />
      {queue.rows.shown.length === 0 ? <Empty filter={queue.filter} /> : <QueueTable rows={queue.rows.shown} />}
      <More queue={queue} />
    </>
  )
}

function Empty({ filter }: { filter: StateFilter | null }): JSX.Element {
  return (
    <div class="wm-card">
      <h2 class="govuk-heading-m">{say(filter === null ? 'queue.empty' : `queue.empty_${filter}`)}</h2>
      <p class="govuk-body">{say('queue.empty_next')}</p>
    </div>
  )
}

function More({ queue }: { queue: Queue }): JSX.Element {
  const [told, setTold] = useState('')
  const more = async () => {
    setTold(say('queue.loading_more'))
    setTold(sayCount('queue.loaded', await loadMore()))
  }
  return (
    <>
      {queue.more === 'failed' && queue.refusal !== null && <RefusalNotice refusal={queue.refusal} />}
      {queue.next !== null && (
        <Button kind="secondary" busy={queue.more === 'loading'} onClick={() => void more()}>
          {say(queue.more === 'loading' ? 'queue.loading_more' : 'queue.more')}
        </Button>
      )}
      {queue.next === null && queue.rows.shown.length > 0 && <p class="govuk-body desk-quiet">{say('queue.end')}</p>}
      <HiddenLiveRegion text={told} />
    </>
  )
}

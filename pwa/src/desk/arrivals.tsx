import type { JSX } from 'preact'
import { Button } from '../ui/button.tsx'
import { HiddenLiveRegion } from '../ui/status.tsx'
import { showArrived } from './queue.ts'
import type { Queue } from './queue.ts'
import { rowLinkId } from './queue-table.tsx'
import { clock } from './times.ts'
import { say, sayCount } from './words.ts'

/**
 * A line of fixed height above the list: what is new is offered here, so that nothing below moves until
 * the reader asks for it.
 */
export function Arrivals({ queue }: { queue: Queue }): JSX.Element {
  const { arrived, gap } = queue.rows
  const show = async () => {
    const first = await showArrived()
    // The button is gone; the first new row takes the focus it held.
    if (first !== null) requestAnimationFrame(() => document.getElementById(rowLinkId(first))?.focus())
  }
  return (
    <div class="desk-arrivals">
      {arrived.length > 0 ? (
        <Button className="desk-last" onClick={() => void show()}>
          {gap ? say('queue.show_gap') : sayCount('queue.show', arrived.length)}
        </Button>
      ) : (
        <p class="govuk-body-s desk-last desk-quiet">{quietLine(queue)}</p>
      )}
      <HiddenLiveRegion text={news(queue)} />
    </div>
  )
}

function quietLine(queue: Queue): string {
  if (queue.stale && queue.freshAt !== null) return say('queue.stale', { clock: clock(queue.freshAt) })
  return say(queue.cursor === null ? 'queue.live' : 'queue.live_older')
}

function news(queue: Queue): string {
  const { arrived, gap } = queue.rows
  if (queue.stale) return quietLine(queue)
  if (arrived.length === 0) return ''
  return gap ? say('queue.new_gap') : sayCount('queue.new', arrived.length)
}

import type { JSX } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { Button } from '../ui/button.tsx'
import * as api from './api.ts'
import { Refusal } from './api.ts'
import { UNFILTERED } from './filters.ts'
import type { Filters } from './filters.ts'
import { barsOf } from './flood-bars.ts'
import { RefusalNotice } from './notices.tsx'
import { addressOf } from './router.ts'
import type { Counts, Flood } from './shapes.ts'
import { absolute } from './times.ts'
import { say, sayCount } from './words.ts'

const COUNT_MAX = 1_000 // the server stops counting there
const HEIGHT = 40
const BAR = 8

/** Something lies apart: said above every list but its own. */
export function FloodNotice({ filters, counts }: { filters: Filters; counts: Counts | null }): JSX.Element | null {
  const count = counts?.apart ?? 0
  if (count === 0 || filters.queue === 'apart') return null
  return (
    <div class="wm-card" role="status">
      <p class="govuk-body">{count < COUNT_MAX ? sayCount('flood.notice', count) : say('flood.notice_many', { count })}</p>
      <p class="govuk-body desk-last">
        <a class="govuk-link" href={addressOf({ type: 'queue', filters: { ...UNFILTERED, queue: 'apart' }, cursor: null })}>
          {say('flood.look')}
        </a>
      </p>
    </div>
  )
}

type FloodsProps = { readonly counts: Counts | null; readonly reload: () => Promise<void> }

/** What each flood is, and the way back for all of it. */
export function Floods({ counts, reload }: FloodsProps): JSX.Element {
  const [floods, setFloods] = useState<readonly Flood[]>([])
  const [refusal, setRefusal] = useState<Refusal | null>(null)
  const [done, setDone] = useState(0)
  const attempt = (work: Promise<unknown>) =>
    void work.then(
      () => setRefusal(null),
      (error: unknown) => {
        if (!(error instanceof Refusal)) throw error
        setRefusal(error)
      },
    )
  const look = () => api.floods().then(setFloods)
  useEffect(() => attempt(look()), [counts?.apart])
  const putBack = async (id: string) => {
    setDone(await api.putBack(id))
    await Promise.all([look(), reload()])
  }
  return (
    <section aria-label={say('flood.title')}>
      <p class="govuk-body">{say('flood.what')}</p>
      <div role="status">{done > 0 && <p class="govuk-body">{sayCount('flood.done', done)}</p>}</div>
      {refusal !== null && <RefusalNotice refusal={refusal} retry={() => attempt(look())} />}
      {floods.map((flood) => (
        <div class="wm-card" key={flood.id}>
          <h2 class="govuk-heading-m">{sayCount('flood.of', flood.count)}</h2>
          <p class="govuk-body">
            {say('flood.where', { areas: flood.areas.join(', '), first: absolute(flood.began_at), last: absolute(flood.last_at) })}
          </p>
          <Bars flood={flood} />
          <Button kind="secondary" className="desk-last" onClick={() => attempt(putBack(flood.id))}>
            {say('flood.put_back')}
          </Button>
        </div>
      ))}
    </section>
  )
}

/** The words say the same: the picture is for a glance. */
function Bars({ flood }: { flood: Flood }): JSX.Element | null {
  const { counts, most, hoursEach } = barsOf(flood.hours)
  if (counts.length < 2) return null
  const label = say('flood.picture', { most, hours: hoursEach })
  return (
    <svg class="desk-bars" role="img" aria-label={label} viewBox={`0 0 ${counts.length * BAR} ${HEIGHT}`}>
      {counts.map((count, place) => {
        const height = (count / most) * HEIGHT
        return <rect key={place} x={place * BAR} y={HEIGHT - height} width={BAR - 1} height={height} />
      })}
    </svg>
  )
}

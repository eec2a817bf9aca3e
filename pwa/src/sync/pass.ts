/**
 * Performs what the core asks for: reads and changes the stores, sends the requests, and hands back what came
 * of it. It decides nothing but whom to ask. Two at once are harmless, in whatever tabs or workers: the service
 * takes each item once, and every change compares before it sets. The lock only saves traffic.
 */

import { applyAll, readDue, readQueue, readRetained } from './apply.ts'
import { noteContact } from './contact.ts'
import { FRESH, step } from './core.ts'
import type { Apply, Effect, Event, Failed, Failure, Order, Request, Rest, SendManifest, SendPull, SendPush, Wake } from './core-parts.ts'
import { keysOf } from './feed.ts'
import { askManifest } from './manifest.ts'
import { heard } from './locking.ts'
import { setting } from './parcels.ts'
import { carryOut, ownId, told } from './orders.ts'
import type { Alert, Revocation } from './protocol.generated.ts'
import { noteChallenge, openReceipts, pageOf } from './pull.ts'
import { push } from './push.ts'
import { keySetInUse, refreshKeySet } from './trust.ts'

const MISSES_MAX = 2 // a frozen tab may hold the lock for ever: after this many misses go without it
const PAGES_MAX = 500 // far more than all feeds hold; a service that says `more` for ever is broken

export type PassOptions = {
  readonly reason: Wake
  /** A device whose sign of life may be sent when nothing waits. */
  readonly heartbeat: string | null
  /** Feeds to ask, beside those for which the service says that something waits. */
  readonly feeds: () => Promise<readonly string[]>
  /** Somebody asks: then it is asked what is missing, too, however short ago that was. */
  readonly byHand?: boolean
}

export type Watch = { readonly sending: (itemIds: readonly string[]) => void }
export type Passed = Rest & {
  readonly reached: boolean
  /** What is held is not what it was: the two stores differ. */
  readonly changed: boolean
  readonly wakeAtMs: number | null
}

const MOVES: ReadonlySet<string> = new Set(['set_aside', 'let_go', 'offer_again'])

let misses = 0

/** Null when another tab is at it. */
export async function drain(options: PassOptions, watch: Watch): Promise<Passed | null> {
  if (!('locks' in navigator)) return new Pass(options, watch).run()
  return navigator.locks.request('drain', { ifAvailable: true }, async (lock) => {
    if (lock === null && options.reason !== 'asked' && misses < MISSES_MAX) {
      misses++
      return null
    }
    misses = 0
    return new Pass(options, watch).run()
  })
}

class Pass {
  readonly #options: PassOptions
  readonly #watch: Watch
  readonly #downstream = new Set<string>()
  #feeds: Set<string> | null = null
  #pages = 0
  #reached = false
  #alert: Alert | null | undefined = undefined
  #stored = false
  #changed = false
  #wakeAtMs: number | null = null

  constructor(options: PassOptions, watch: Watch) {
    this.#options = options
    this.#watch = watch
  }

  async run(): Promise<Passed> {
    let [state, effects] = step(FRESH, { type: 'woken', nowMs: Date.now(), reason: this.#options.reason })
    for (;;) {
      let event: Event | null = null
      for (const effect of effects) {
        if (effect.type === 'rest') return this.#ended(effect)
        event = (await this.#perform(effect)) ?? event
      }
      if (event === null) throw new Error('a pass ends with rest')
      ;[state, effects] = step(state, event)
    }
  }

  async #ended(rest: Rest): Promise<Passed> {
    if (this.#reached) await noteContact(Date.now(), this.#alert)
    return { ...rest, reached: this.#reached, changed: this.#changed || this.#stored, wakeAtMs: this.#wakeAtMs }
  }

  async #perform(effect: Exclude<Effect, Rest>): Promise<Event | null> {
    const nowMs = Date.now()
    switch (effect.type) {
      case 'read_due':
        return this.#readDue(effect.nowMs)
      case 'read_retained':
        return { type: 'retained_read', nowMs, ...(await readRetained(effect, this.#stored || this.#options.byHand === true)) }
      case 'read_queue':
        return { type: 'queue_read', nowMs, ...(await readQueue()) }
      case 'send_push':
        return this.#push(effect)
      case 'send_manifest':
        return this.#ask(effect)
      case 'send_pull':
        return this.#pull(effect)
      case 'apply':
        return this.#apply(effect)
      case 'open_receipts':
        return { type: 'receipts_opened', nowMs, receipts: await openReceipts(), incarnation: await lineage() }
      case 'renew_keys':
        if (effect.issuedAt > (await keySetInUse()).issued_at) await refreshKeySet()
        return null
      case 'carry_out':
        await carryOut(effect.scope)
        this.#changed = true
        return null
      case 'set_timer':
        this.#wakeAtMs = effect.atMs
        return null
    }
  }

  async #apply(effect: Apply): Promise<Event> {
    this.#stored ||= effect.writes.some((write) => write.type === 'take_receipt')
    const settled = await applyAll(effect)
    this.#changed ||= settled.requeued || effect.writes.some((write) => MOVES.has(write.type))
    return { type: 'applied', nowMs: Date.now(), number: effect.number, ...settled }
  }

  async #readDue(nowMs: number): Promise<Event> {
    const rows = await readDue(nowMs)
    if (rows.length === 0) await this.#chooseFeeds()
    return {
      type: 'due_read',
      nowMs,
      rows,
      incarnation: await lineage(),
      notBefore: (await setting<number>('not_before')) ?? 0,
      heartbeat: this.#options.heartbeat !== null,
      // While something is sent, whom to ask is found out when it comes to that: it depends on what was sent.
      pulls: rows.length > 0 || (this.#feeds?.size ?? 0) > 0,
    }
  }

  async #chooseFeeds(): Promise<void> {
    this.#feeds ??= new Set(await this.#options.feeds())
    for (const feedId of this.#downstream) this.#feeds.add(feedId)
    this.#downstream.clear()
    for (const feedId of this.#feeds) if ((await keysOf(feedId)) === undefined) this.#feeds.delete(feedId)
  }

  async #push(request: SendPush): Promise<Event> {
    const deviceId = request.rows[0]?.deviceId ?? this.#options.heartbeat ?? ''
    this.#watch.sending(request.rows.map((row) => row.itemId))
    const answer = await push(deviceId, request)
    this.#watch.sending([])
    if ('failure' in answer) return failed(request, answer.failure)
    this.#reached = true
    const { response } = answer
    await heard(response.in_service)
    this.#alert = response.alert ?? null
    if (response.downstream) this.#downstream.add(deviceId)
    noteChallenge(deviceId, response.challenge)
    return { type: 'push_answered', nowMs: Date.now(), luck: Math.random(), request, response, ...(await brought(response.revoke)) }
  }

  async #ask(request: SendManifest): Promise<Event> {
    const answer = await askManifest(request)
    if ('failure' in answer) return failed(request, answer.failure)
    const { response } = answer
    return { type: 'manifest_answered', nowMs: Date.now(), luck: Math.random(), request, response, ...(await brought(response.revoke)) }
  }

  /** One page of the next feed. What is wrong with one feed keeps no other waiting. */
  async #pull(request: SendPull): Promise<Event> {
    let failure: Failure = { kind: 'fault', reason: 'no_feed', floorS: 0 }
    if (this.#feeds === null) await this.#chooseFeeds()
    const feeds = this.#feeds ?? new Set<string>()
    for (const feedId of feeds) {
      const answer = await pageOf(feedId)
      if (!('failure' in answer)) {
        this.#reached = true
        if (!answer.page.more || ++this.#pages > PAGES_MAX) feeds.delete(feedId)
        const page = { ...answer.page, more: feeds.size > 0 }
        return { type: 'page_came', nowMs: Date.now(), request, feedId, page }
      }
      feeds.delete(feedId)
      failure = answer.failure
      if (answer.revoke !== undefined) return { ...failed(request, failure), ...(await brought(answer.revoke)) }
      if (failure.kind !== 'fault') break
    }
    return failed(request, failure)
  }
}

/** An order, if the answer brought one. */
async function brought(revoke: Revocation | null | undefined): Promise<{ readonly order: Order | null; readonly ownId: string | null }> {
  return { order: await told(revoke), ownId: await ownId() }
}

async function lineage(): Promise<string | null> {
  return (await setting<string>('incarnation')) ?? null
}

function failed(request: Request, failure: Failure): Failed {
  return { type: 'failed', nowMs: Date.now(), luck: Math.random(), request, failure }
}

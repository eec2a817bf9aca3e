/** The core, held to Python's by the passes that it recorded; and what must hold of any pass. */

import { expect, describe, test } from 'vitest'
import { type Bytes, toBase64url } from '../../src/sync/bytes.ts'
import { FRESH, type State, step } from '../../src/sync/core.ts'
import type { Effect, Event } from '../../src/sync/core-parts.ts'
import { sha256Now } from '../../src/sync/sha256.ts'
import { sha256 } from '../../src/sync/bytes.ts'
import { bytes, vectors } from './vectors.ts'

type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json }
type Pass = { readonly number: number; readonly steps: readonly (readonly [Json, readonly Json[]])[] }

const file = vectors<{ pool: Json[]; passes: Pass[] }>('passes')
const BINARY: ReadonlySet<string> = new Set(['header', 'sealed', 'sha256', 'sig', 'root'])
const WIRE: ReadonlySet<string> = new Set(['response', 'page', 'body', 'receipt'])
const pool: unknown[] = []

/** The wire's own shapes keep their names; ours are as TypeScript writes them. */
function revived(json: Json, name = '', wire = false): unknown {
  if (Array.isArray(json)) return name === 'path' ? json.map((each: Json) => bytes(String(each))) : json.map((each: Json) => revived(each, '', wire))
  if (typeof json === 'string') return BINARY.has(name) ? bytes(json) : json
  if (json === null || typeof json !== 'object') return json
  const entries = Object.entries(json as { readonly [name: string]: Json })
  const [only] = entries
  if (only?.[0] === '$' && typeof only[1] === 'number') return (pool[only[1]] ??= revived(file.pool[only[1]] ?? null, name, wire))
  return Object.fromEntries(entries.map(([key, value]) => [wire ? key : camel(key), revived(value, key, wire || WIRE.has(key))]))
}

function camel(name: string): string {
  return name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())
}

/** Bytes as text: what differs is then seen, and typed arrays compare slowly. */
function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return toBase64url(value)
  if (Array.isArray(value)) return value.map(plain)
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, plain(each)]))
}

describe('the passes that Python recorded', () => {
  const kinds = new Map<string, Pass[]>()
  for (const pass of file.passes) {
    const key = String(pass.steps.length)
    kinds.set(key, [...(kinds.get(key) ?? []), pass])
  }

  test.each([...kinds.entries()])('of %s steps', (_, passes) => {
    for (const pass of passes) replay(pass)
  })

  test('hold every event, every effect and every change', () => {
    const text = JSON.stringify(file.passes) + JSON.stringify(file.pool)
    const names = [
      'woken', 'due_read', 'retained_read', 'push_answered', 'manifest_answered', 'page_came', 'failed', 'applied',
      'receipts_opened', 'queue_read', 'read_due', 'read_retained', 'read_queue', 'send_push', 'send_manifest', 'send_pull',
      'apply', 'open_receipts', 'renew_keys', 'set_timer', 'rest', 'take_receipt', 'set_aside', 'postpone', 'let_go',
      'offer_again', 'keep_page', 'mark_applied', 'remember', 'send_now', 'obey', 'pass_over', 'carry_out',
    ]
    expect(names.filter((name) => !text.includes(`"type":"${name}"`))).toEqual([])
    expect(file.passes.length).toBeGreaterThan(300)
  })
})

function replay(pass: Pass): void {
  let state: State = { ...FRESH, number: pass.number }
  for (const [event, expected] of pass.steps) {
    const [next, effects] = step(state, revived(event) as Event)
    expect(plain(effects)).toEqual(plain(expected.map((each) => revived(each))))
    state = next
  }
}

describe('any pass', () => {
  test('that ends with something queued has set a timer, soon enough and never in the past', () => {
    const random = lcg(7)
    let rests = 0
    for (let story = 0; story < 500; story++) {
      const ended = lived(random)
      const read = ended.queue
      if (read === null) continue
      rests++
      const timer = ended.effects.find((effect) => effect.type === 'set_timer')
      const atMs = timer?.type === 'set_timer' ? timer.atMs : null
      if (read.nextTryMs === null && !read.holding) continue
      expect(atMs).not.toBeNull()
      expect((atMs ?? 0) - read.nowMs).toBeGreaterThanOrEqual(1_000)
      expect((atMs ?? 0) - read.nowMs).toBeLessThanOrEqual(30 * 3_600_000)
    }
    expect(rests).toBeGreaterThan(300)
  })

  test('waits for exactly one answer, or rests', () => {
    const random = lcg(11)
    for (let story = 0; story < 200; story++) expect(lived(random).steps).toBeLessThan(3_000)
  })
})

type Lived = { readonly queue: Extract<Event, { type: 'queue_read' }> | null; readonly effects: readonly Effect[]; readonly steps: number }

/** One pass against a service, a store and a clock that do as they please. */
function lived(random: () => number): Lived {
  let [state, effects] = step(FRESH, { type: 'woken', nowMs: at(random), reason: pick(random, ['timer', 'asked', 'online', 'knock']) })
  for (let steps = 1; steps < 4_000; steps++) {
    const asked = effects.filter((effect) => !['renew_keys', 'carry_out', 'set_timer', 'rest'].includes(effect.type))
    const [effect] = asked
    expect(asked).toHaveLength(1)
    if (effect === undefined) break
    if (random() < 0.1) expect(step(state, { type: 'woken', nowMs: 0, reason: 'sealed' })[1]).toEqual([])
    const event = answered(effect, random)
    ;[state, effects] = step(state, event)
    if (event.type === 'queue_read') return { queue: event, effects, steps }
  }
  return { queue: null, effects, steps: 4_000 }
}

const BLANK = new Uint8Array(32) as Bytes
const row = (n: number) => ({
  itemId: `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`, deviceId: `d${n % 2}`, header: BLANK, sealed: BLANK, sha256: BLANK, sig: BLANK,
  attempts: n, companions: 64, soloFailures: n % 6,
})

function answered(effect: Effect, random: () => number): Event {
  const [nowMs, luck] = [at(random), random()]
  const incarnation = '00000000-0000-4000-8000-000000000001'
  const rows = [1, 2, 3].filter(() => random() < 0.4).map(row)
  const notBefore = random() < 0.2 ? at(random) : 0
  switch (effect.type) {
    case 'read_due':
      return { type: 'due_read', nowMs, rows, incarnation, notBefore, heartbeat: random() < 0.5, pulls: random() < 0.5 }
    case 'read_retained':
      return { type: 'retained_read', nowMs, held: random() < 0.5 ? [] : [{ ...row(1), pos: 1 }], incarnation }
    case 'read_queue':
      return { type: 'queue_read', nowMs, nextTryMs: random() < 0.3 ? null : at(random), holding: random() < 0.5, notBefore }
    case 'apply':
      return { type: 'applied', nowMs, number: effect.number, stale: random() < 0.1, requeued: random() < 0.1 }
    case 'open_receipts':
      return { type: 'receipts_opened', nowMs, receipts: [], incarnation }
    case 'send_pull':
      if (random() < 0.5)
        return { type: 'page_came', nowMs, request: effect, feedId: 'd0', page: { incarnation, cursor: 'c', more: random() < 0.5, messages: [], challenge: 'x' } }
      break
    case 'send_push':
      if (random() < 0.5) {
        const response = { incarnation, server_time: 1, restore_floor: 0, downstream: false, challenge: 'x', results: [], backoff_s: random() < 0.2 ? 60 : null }
        return { type: 'push_answered', nowMs, luck, request: effect, response }
      }
      break
    default:
  }
  if (effect.type !== 'send_push' && effect.type !== 'send_manifest' && effect.type !== 'send_pull') throw new Error(effect.type)
  const kind = pick(random, ['too_large', 'fault', 'later', 'silent', 'unreachable'] as const)
  return { type: 'failed', nowMs, luck, request: effect, failure: { kind, reason: 'x', floorS: random() < 0.5 ? 0 : 60 } }
}

function at(random: () => number): number {
  return Math.round((random() - 0.5) * 2 ** (20 + 22 * random()))
}

function pick<T>(random: () => number, of: readonly T[]): T {
  return of[Math.floor(random() * of.length)] as T
}

function lcg(seed: number): () => number {
  let state = seed
  return () => (state = (state * 1_664_525 + 1_013_904_223) % 2 ** 32) / 2 ** 32
}

test('SHA-256 at once is the SHA-256 of the browser', async () => {
  for (const length of [0, 1, 55, 56, 57, 63, 64, 65, 119, 120, 1_000]) {
    const text = new Uint8Array(length).map((_, index) => (index * 31) & 255)
    expect(toBase64url(sha256Now(text))).toBe(toBase64url(await sha256(text)))
  }
})

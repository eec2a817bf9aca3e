import { beforeEach, describe, expect, test, vi } from 'vitest'
import vectors from '../../../sync/vectors/validation.json'
import { checkAll, checkStep } from '../../src/report/checks.ts'
import * as flow from '../../src/report/flow.ts'
import { type Filled, optionsOf, step } from '../../src/report/graph.ts'
import { saidIn } from '../../src/report/said.tsx'

// The real one would start a worker, which is a browser's.
vi.mock('../../src/sync/index.ts', async (original) => ({
  ...(await original<typeof import('../../src/sync/index.ts')>()),
  warm: () => undefined, // would load the engine, and perhaps still be loading it when the tests are over
}))

const TODAY = vectors.today
const WALKS = 500

beforeEach(() => flow.restart())

/** The same numbers at every run: a failing walk can be walked again. */
function randomFrom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

/** The least that each of the five asks for. */
function leastFor(id: string, random: () => number): Filled {
  const pick = (codes: readonly string[]) => codes[Math.floor(random() * codes.length)] ?? ''
  switch (id) {
    case 'reporter_role':
      return { reporter_role: pick(optionsOf(step(id).fields[0] ?? { id, kind: 'choice' })) }
    case 'narrative':
      return { narrative_original: 'x' }
    case 'when':
      return { when_precision: pick(['ongoing', 'dont_know']) }
    case 'sharing_choice':
      return { sharing_choice: pick(['P1', 'P2', 'P3', 'U1', 'A1', 'A2']) }
    default:
      return {}
  }
}

function stepNow(): string | null {
  const now = flow.view.value
  return now.type === 'step' ? now.id : null
}

/** Presses one of the buttons that the page has; what must be answered gets its least answer. */
function press(id: string, random: () => number): void {
  if (id === 'limits') return flow.acknowledge(random() < 0.2)
  const here = step(id)
  const required = here.fields.some((field) => field.required)
  if (required) flow.answer(leastFor(id, random))
  const blocked = checkStep(here, flow.filled.value, TODAY).errors.length > 0
  const dice = random()
  if (dice < 0.1) flow.back()
  else if (dice < 0.2 && !flow.mandatory(here)) flow.skipRest(here)
  else if ((dice < 0.6 || blocked) && !required) flow.skip(here)
  else flow.forward(id)
}

describe('a person who skips at random', () => {
  test(`always reaches the check page, ${WALKS} times`, () => {
    for (let seed = 1; seed <= WALKS; seed += 1) {
      const random = randomFrom(seed)
      flow.restart()
      for (let presses = 0; flow.view.value.type !== 'check'; presses += 1) {
        expect(presses, `walk ${seed} goes round in circles`).toBeLessThan(200)
        const id = stepNow()
        if (id === null) flow.begin()
        else press(id, random)
      }
      expect(checkAll(flow.filled.value, TODAY).errors, `walk ${seed}`).toEqual([])
    }
  })
})

function answerOnly(sharing: string): readonly string[] {
  const asked: string[] = []
  flow.begin()
  flow.acknowledge(true)
  for (let id = stepNow(); id !== null; id = stepNow()) {
    asked.push(id)
    flow.answer(id === 'sharing_choice' ? { sharing_choice: sharing } : leastFor(id, () => 0))
    if (id === 'contact') flow.skip(step(id))
    else flow.forward(id)
  }
  return asked
}

describe('the short way', () => {
  test('asks only what must be answered', () => {
    expect(answerOnly('A1')).toEqual(['reporter_role', 'narrative', 'when', 'sharing_choice'])
  })

  test('takes at most 12 taps', () => {
    const asked = answerOnly('U1')
    const tapsOnPages = asked.length * 2 // choose, continue; the text box is tapped, too
    const startLimitsFinish = 3

    expect(tapsOnPages + startLimitsFinish).toBeLessThanOrEqual(12)
  })

  test('asks for a way of contact where the police get the details, and "do not contact me" is one', () => {
    expect(answerOnly('P1')).toContain('contact')
    expect(flow.filled.value['contact_methods']).toEqual(['no_contact'])
  })
})

describe('going back and changing', () => {
  test('Back keeps what was answered', () => {
    flow.begin()
    flow.acknowledge(false)
    flow.answer({ reporter_role: 'witness' })
    flow.forward('reporter_role')

    expect(flow.back()).toBe(true)

    expect(stepNow()).toBe('reporter_role')
    expect(flow.filled.value['reporter_role']).toBe('witness')
  })

  test('on the first page Back belongs to the browser', () => {
    expect(flow.back()).toBe(false)
  })

  test('a changed answer leads straight back to the check page', () => {
    answerOnly('A1')
    flow.change('event_types')
    flow.answer({ event_types: ['graffiti'] })

    flow.forward('event_types')

    expect(flow.view.value.type).toBe('check')
  })

  test('Back from a change leads to the check page, too', () => {
    answerOnly('A1')
    flow.change('narrative')

    flow.back()

    expect(flow.view.value.type).toBe('check')
  })

  test('changing to the police with details asks how to reach the person first', () => {
    answerOnly('A1')
    flow.change('sharing_choice')
    flow.answer({ sharing_choice: 'P1' })

    flow.forward('sharing_choice')

    expect(stepNow()).toBe('contact')
  })

  test('a strand taken back takes its sub-strands along', () => {
    flow.answer({ strands: ['religion'], sub_strands: ['race.mixed', 'religion.muslim'] })

    flow.forward('strands')

    expect(flow.filled.value['sub_strands']).toEqual(['religion.muslim'])
  })
})

describe('a code that is shown only once', () => {
  const saved = { itemId: 'i', reference: 'r', stored: 'both', durable: false, returnable: true } as const
  const result = { saved, centreName: 'c', services: [], danger: false }

  test('is not lost by one Back, and is by the second', () => {
    flow.finished({ ...result, returnCode: 'one two' })
    flow.back()
    expect([flow.view.value.type, flow.parting.value]).toEqual(['saved', true])

    flow.back()

    expect([flow.view.value.type, flow.parting.value]).toEqual(['start', false])
  })

  test('that was taken off the page holds nobody back', () => {
    flow.finished({ ...result, returnCode: 'one two' })
    flow.hideCode()

    flow.back()

    expect(flow.view.value.type).toBe('start')
  })

  test('is asked about anew after the list was looked at', () => {
    flow.finished({ ...result, returnCode: 'one two' })
    flow.back()
    flow.open('outbox')
    flow.back()

    flow.back()

    expect([flow.view.value.type, flow.parting.value]).toEqual(['saved', true])
  })
})

describe('what stays in memory', () => {
  test('nothing, once the report is sealed', () => {
    answerOnly('A1')

    flow.finished({ saved: { itemId: 'i', reference: 'r', stored: 'both', durable: false, returnable: false }, centreName: 'c', services: [], danger: false, returnCode: null })

    expect(flow.filled.value).toEqual({})
    expect(flow.startedAt.value).toBe('')
  })

  test('the list does not lose the place in the form', () => {
    flow.begin()
    flow.acknowledge(false)
    flow.open('outbox')

    flow.back()

    expect(stepNow()).toBe('reporter_role')
  })
})

test('the check page shows no number under a choice that promises none', () => {
  const filled: Filled = { ...vectors.canonical[0]?.filled, sharing_choice: 'P2', contact_methods: ['via_centre'], contact_phone: '01632 960001' }

  expect(JSON.stringify(saidIn('contact', filled))).not.toContain('01632')
})

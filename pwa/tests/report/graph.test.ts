import { describe, expect, test } from 'vitest'
import vectors from '../../../sync/vectors/validation.json'
import { canonical, Incomplete } from '../../src/report/canonical.ts'
import { checkAll, checkStep } from '../../src/report/checks.ts'
import { ukPostcode } from '../../src/report/contact.ts'
import { type Filled, step, STEPS, visibleSteps } from '../../src/report/graph.ts'

type Long = { readonly repeat: string; readonly times: number }
const TODAY = vectors.today

/** `{"repeat": "a", "times": 3}` stands for `aaa`: long texts would drown the file. */
function expanded(filled: object): Filled {
  const full = Object.entries(filled).map(([field, value]) => [field, isLong(value) ? value.repeat.repeat(value.times) : value])
  return Object.fromEntries(full)
}

function isLong(value: unknown): value is Long {
  return typeof value === 'object' && value !== null && 'repeat' in value
}

describe('a step finds what is wrong and what is odd', () => {
  test.each(vectors.steps)('$name', (one) => {
    const found = checkStep(step(one.step), expanded(one.filled), TODAY)

    expect(found.errors.map((fault) => [fault.field, fault.code])).toEqual(one.errors)
    expect(found.warnings.map((fault) => [fault.field, fault.code])).toEqual(one.warnings)
  })
})

describe('a postcode is read however it is typed', () => {
  test.each(vectors.postcodes)('$typed', (one) => {
    expect(ukPostcode(one.typed)).toBe(one.canonical)
  })
})

describe('only the steps that belong are asked', () => {
  test.each(vectors.visible)('$name', (one) => {
    expect(visibleSteps(expanded(one.filled)).map((each) => each.id)).toEqual(one.steps)
  })
})

describe('answers become what is sealed', () => {
  test.each(vectors.canonical)('$name', (one) => {
    if (one.incomplete !== undefined) {
      expect(() => canonical(expanded(one.filled))).toThrow(new Incomplete(one.incomplete))
      return
    }

    expect(canonical(expanded(one.filled))).toEqual(one.answers)
  })
})

test('half of a character cannot make the whole unreadable', () => {
  const whole = vectors.canonical.find((one) => one.name.startsWith('the five mandatory'))

  const answers = canonical({ ...expanded(whole?.filled ?? {}), narrative_original: 'a\ud83db' })

  expect(answers.narrative_original).toBe('a\ufffdb')
})

test('only the five mandatory answers block', () => {
  const blocking = STEPS.filter((each) => checkStep(each, {}, TODAY).errors.length > 0)

  expect(blocking.map((each) => each.id)).toEqual(['limits', 'reporter_role', 'narrative', 'when', 'sharing_choice'])
  expect(checkAll({}, TODAY).errors).toHaveLength(5)
})

import { describe, expect, test } from 'vitest'
import { preferredLanguage, t } from '../../src/i18n/index.ts'
import { localDay } from '../../src/report/today.ts'
import { toggled } from '../../src/ui/checkboxes.tsx'
import { classes, describedBy } from '../../src/ui/words.ts'

describe('an exclusive choice', () => {
  test('clears the rest', () => {
    expect(toggled(['a', 'b'], 'none', ['none'])).toEqual(['none'])
  })
  test('is cleared by any other', () => {
    expect(toggled(['none'], 'a', ['none'])).toEqual(['a'])
  })
  test('can be taken back', () => {
    expect(toggled(['none'], 'none', ['none'])).toEqual([])
  })
})

test('class names that are not set leave nothing', () => {
  expect(classes('a', false, undefined, 'b')).toBe('a b')
  expect(describedBy(undefined, null)).toBeUndefined()
})

test('today is the day of the calendar on the wall', () => {
  expect(localDay(new Date(2026, 0, 5, 23, 59))).toBe('2026-01-05')
})

test.each([
  [['ar-EG', 'en'], 'ar'],
  [['AR'], 'ar'],
  [['en-GB'], 'en'],
  [['xx'], 'en'],
  [[], 'en'],
])('a browser that asks for %j gets %s', (asked, code) => {
  expect(preferredLanguage(asked)).toBe(code)
})

test('numbers are counted in words', () => {
  expect(t('nav.chosen', { count: 1 })).toBe('1 chosen')
  expect(t('narrative_original.over', { count: 5_000 })).toBe('5,000 letters too many')
})

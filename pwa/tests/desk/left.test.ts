import { describe, expect, it } from 'vitest'
import { leftFor } from '../../src/desk/left.ts'

describe('a desk that was left', () => {
  it.each([
    [-60_000, 'here', 120_000], // the clock was set back
    [0, 'here', 120_000],
    [119_999, 'here', 1],
    [120_000, 'warned', 60_000],
    [179_999, 'warned', 1],
    [180_000, 'locked', null],
    [86_400_000, 'locked', null], // a tablet that slept
  ] as const)('for %d ms is %s', (idle, state, next_ms) => {
    expect(leftFor(idle)).toEqual({ state, next_ms })
  })
})

import { describe, expect, it } from 'vitest'
import { BARS_MAX, barsOf } from '../../src/desk/flood-bars.ts'

const at = (hour: number) => new Date(Date.UTC(2026, 3, 1) + hour * 3_600_000).toISOString().slice(0, 13)

describe('the picture of a flood', () => {
  it('has a bar for each hour, those without any included', () => {
    expect(barsOf([{ at: at(5), count: 3 }, { at: at(7), count: 9 }])).toEqual({ hoursEach: 1, counts: [3, 0, 9], most: 9 })
  })

  it('goes over midnight and puts hours together when there are many', () => {
    const week = Array.from({ length: 24 * 7 }, (_, hour) => ({ at: at(hour), count: 1 }))

    const bars = barsOf(week)

    expect(bars.hoursEach).toBe(4)
    expect(bars.counts.length).toBeLessThanOrEqual(BARS_MAX)
    expect(bars.counts.reduce((sum, count) => sum + count, 0)).toBe(week.length)
  })

  it('is empty for nothing, and for what is no hour', () => {
    expect(barsOf([]).counts).toEqual([])
    expect(barsOf([{ at: 'soon', count: 1 }]).counts).toEqual([])
  })
})

import { describe, expect, it } from 'vitest'
import { lockOf } from '../../src/desk/device-words.ts'
import { readDevices } from '../../src/desk/shapes.ts'

const NOW = Date.parse('2026-05-20T09:00:00.000Z')
const daysAgo = (days: number) => new Date(NOW - days * 86_400_000).toISOString()

function told(fields: object): string | null {
  const well = { id: 'd1', label: 'Front desk', enrolled_at: daysAgo(400), queued: 0 }
  const [device] = readDevices({ devices: [{ ...well, ...fields }] }, 'devices').devices
  if (device === undefined) throw new Error('no device')
  return lockOf(device, NOW)
}

describe('when a tablet locks itself', () => {
  it.each<[string, object, RegExp]>([
    ['heard of just now', { last_seen_at: daysAgo(0) }, /^Locks itself on 19 June 2026/],
    ['heard of nearly thirty days ago', { last_seen_at: daysAgo(29.9) }, /^Locks itself on 20 May 2026/],
    ['heard of thirty days ago', { last_seen_at: daysAgo(30) }, /^Locked itself on 20 May 2026/],
    ['heard of nearly ninety days ago', { last_seen_at: daysAgo(89.9) }, /^Locked itself on 21 March 2026/],
    ['heard of ninety days ago', { last_seen_at: daysAgo(90) }, /^Deleted its keys on 20 May 2026/],
  ])('%s', (_, fields, wanted) => {
    expect(told(fields)).toMatch(wanted)
  })

  it('is not guessed of one that was never heard of, nor of one that was taken out', () => {
    expect(told({ last_seen_at: null, queued: null })).toBeNull()
    expect(told({ last_seen_at: daysAgo(5), revoked_at: daysAgo(4) })).toBeNull()
  })
})

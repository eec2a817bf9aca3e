import { describe, expect, it } from 'vitest'
import { encode } from 'uqr'
import { darkOf } from '../../src/ui/qr-code.tsx'

/** The modules that a path fills. */
const filled = (path: string, size: number): readonly string[] => {
  const rows = Array.from({ length: size }, () => Array.from({ length: size }, () => '.'))
  for (const [, x, y, run] of path.matchAll(/M(\d+) (\d+)h(\d+)v1h-\d+z/gu)) {
    for (let step = 0; step < Number(run); step += 1) rows[Number(y)]![Number(x) + step] = '#'
  }
  return rows.map((row) => row.join(''))
}

describe('the picture of a code', () => {
  const { data, size } = encode('https://reports.example/#k=ABCD-EFGH-JK', { ecc: 'M', border: 4 })

  it('is dark where the code is, and nowhere else', () => {
    expect(filled(darkOf(data), size)).toEqual(data.map((row) => row.map((dark) => (dark ? '#' : '.')).join('')))
  })

  it('has the three corners that a camera looks for, and white around them', () => {
    const rows = filled(darkOf(data), size)
    const corner = ['#######', '#.....#', '#.###.#', '#.###.#', '#.###.#', '#.....#', '#######']
    const at = (x: number, y: number) => rows.slice(y, y + 7).map((row) => row.slice(x, x + 7))

    expect([at(4, 4), at(size - 11, 4), at(4, size - 11)]).toEqual([corner, corner, corner])
    expect(rows.slice(0, 4).every((row) => /^\.+$/u.test(row))).toBe(true)
  })
})

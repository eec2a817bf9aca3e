import { describe, expect, it } from 'vitest'
import { UNFILTERED } from '../../src/desk/filters.ts'
import { addressOf, pageAt } from '../../src/desk/router.ts'
import type { Page } from '../../src/desk/router.ts'

const at = (address: string) => pageAt(new URL(address, 'http://localhost:8000'))
const ID = '7b0cbe5c-5f1e-4f0f-8a55-0f4a2f1f6a11'

const PAGES: readonly [string, Page][] = [
  ['/desk', { type: 'queue', filters: UNFILTERED, cursor: null }],
  ['/desk?queue=waiting', { type: 'queue', filters: { ...UNFILTERED, queue: 'waiting' }, cursor: null }],
  ['/desk?overdue=yes&after=abc', { type: 'queue', filters: { ...UNFILTERED, overdue: true }, cursor: 'abc' }],
  [`/desk/reports/${ID}`, { type: 'report', id: ID, act: null }],
  [`/desk/reports/${ID}/send-back`, { type: 'report', id: ID, act: 'send_back_report' }],
  [`/desk/reports/${ID}/end-override`, { type: 'report', id: ID, act: 'end_override' }],
  ['/desk/quarantine', { type: 'quarantine' }],
  ['/desk/devices', { type: 'devices' }],
]

describe('addresses of the desk', () => {
  it.each(PAGES)('%s', (address, page) => {
    expect(at(address)).toEqual(page)
    expect(addressOf(page)).toBe(address)
  })

  it.each([
    '/desk/',
    '/desk?queue=<script>',
    '/desk?state=waiting',
    '/desk?after=a%20b',
    '/desk?area=Quay%20Street&from=yesterday&sharing=P9&overdue=true',
  ])('reads %s as the whole queue', (address) => {
    expect(at(address)).toEqual({ type: 'queue', filters: UNFILTERED, cursor: null })
  })

  it.each([
    '/',
    '/desks',
    '/desk/reports',
    '/desk/devices/1',
    '/desk/api/reports',
    '/desk/reports/..%2Fapi',
    `/desk/reports/${ID}/delete`, `/desk/reports/${ID}/ask/again`,
    `/desk/reports/${'a'.repeat(65)}`,
  ])('has no page for %s', (address) => {
    expect(at(address)).toEqual({ type: 'unknown' })
  })
})

import { describe, expect, it } from 'vitest'
import { addressOf, pageAt } from '../../src/desk/router.ts'
import type { Page } from '../../src/desk/router.ts'

const at = (address: string) => pageAt(new URL(address, 'http://localhost:8000'))
const ID = '7b0cbe5c-5f1e-4f0f-8a55-0f4a2f1f6a11'

const PAGES: readonly [string, Page][] = [
  ['/desk', { type: 'queue', state: null }],
  ['/desk?state=waiting', { type: 'queue', state: 'waiting' }],
  ['/desk?state=acknowledged', { type: 'queue', state: 'acknowledged' }],
  [`/desk/reports/${ID}`, { type: 'report', id: ID }],
  ['/desk/quarantine', { type: 'quarantine' }],
  ['/desk/devices', { type: 'devices' }],
]

describe('addresses of the desk', () => {
  it.each(PAGES)('%s', (address, page) => {
    expect(at(address)).toEqual(page)
    expect(addressOf(page)).toBe(address)
  })

  it.each([
    ['/desk/', { type: 'queue', state: null }],
    ['/desk?state=<script>', { type: 'queue', state: null }],
    ['/desk?cursor=abc', { type: 'queue', state: null }],
  ])('reads %s as the whole queue', (address, page) => {
    expect(at(address)).toEqual(page)
  })

  it.each([
    '/',
    '/desks',
    '/desk/reports',
    '/desk/devices/1',
    '/desk/api/reports',
    '/desk/reports/..%2Fapi',
    `/desk/reports/${ID}/acknowledge`,
    `/desk/reports/${'a'.repeat(65)}`,
  ])('has no page for %s', (address) => {
    expect(at(address)).toEqual({ type: 'unknown' })
  })
})

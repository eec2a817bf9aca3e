/**
 * Two thousand services, as many as a nation's directory may hold: `npx vitest bench --run`, with
 * `--outputJson FILE` for numbers. The budget is 50 ms on a phone that is ten times slower than this machine.
 */

import { bench, describe } from 'vitest'
import directory from '../../../sync/waymark_sync/policy/directory.json'
import { EMPTY_QUERY, type Service } from '../../src/sync/directory.ts'
import { suggest } from '../../src/sync/matching.ts'
import { BLANK_SERVICE } from './services.ts'

const MANY = 2_000
const rows = directory.services as readonly Partial<Service>[]
const services = Array.from({ length: MANY }, (_, at): Service => ({ ...BLANK_SERVICE, ...rows[at % rows.length], id: `s-${at}` }))
const query = {
  ...EMPTY_QUERY,
  strands: ['race', 'religion', 'disability', 'sexual_orientation'],
  area_ids: ['demo-harbour', 'demo-northshire'],
  languages: ['pl'],
  channels: ['text', 'chat'],
  needs: ['legal', 'emotional'],
  must_not_know: 'my landlord and the people at the corner shop',
}
const at = new Date('2026-07-06T12:00:00Z')

describe('suggest', () => {
  bench(`of ${MANY}`, () => void suggest(services, query, at))
})

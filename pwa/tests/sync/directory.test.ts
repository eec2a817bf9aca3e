import { expect, test } from 'vitest'
import { outwardOf, queryOf } from '../../src/sync/directory.ts'
import type { Answers } from '../../src/sync/types.ts'
import { vectors } from './vectors.ts'

type Asked = { readonly name: string; readonly answers: Answers; readonly query: object }

test.each(vectors<{ readonly queries: readonly Asked[] }>('matching').queries)('what a report asks: $name', ({ answers, query }) => {
  expect(queryOf(answers)).toEqual(query)
})

test.each([
  ['qx1 2ab', 'QX1'],
  ['QX12AB', 'QX1'],
  ['QX1', 'QX1'],
  ['EC1A 1BB', 'EC1A'],
  ['nowhere', null],
  [null, null],
])('the outward half of %s is %s', (postcode, outward) => {
  expect(outwardOf(postcode)).toBe(outward)
})

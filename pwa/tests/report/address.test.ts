import { beforeEach, describe, expect, it, vi } from 'vitest'
import { openAddress, takeScanned } from '../../src/report/address.ts'
import { restart, view } from '../../src/report/flow.ts'

const replaced = vi.fn()

beforeEach(() => {
  replaced.mockReset()
  vi.stubGlobal('history', { state: null, replaceState: (_: unknown, __: string, to: string) => replaced(to) })
  restart()
  takeScanned()
})

describe('an address that a camera has read', () => {
  it.each<[string, string, string]>([
    ['#k=ABCD-EFGH-JK', 'enrol', 'ABCD-EFGH-JK'],
    ['#k=abcd-efgh-jk', 'start', ''],
    ['#k=ABCD-EFGH-JKL', 'start', ''],
    ['#k=<b>', 'start', ''],
    ['#main', 'start', ''],
  ])('%s', (hash, page, code) => {
    openAddress({ pathname: '/', hash })

    expect([view.value.type, takeScanned(), takeScanned()]).toEqual([page, code, ''])
    expect(replaced).toHaveBeenCalledExactlyOnceWith('/')
  })

  it('changes nothing where there is none', () => {
    openAddress({ pathname: '/', hash: '' })

    expect(view.value.type).toBe('start')
    expect(replaced).not.toHaveBeenCalled()
  })
})

import { createServer } from 'node:http'
import type { IncomingMessage, Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import * as api from '../../src/desk/api.ts'
import { UNFILTERED } from '../../src/desk/filters.ts'

const AMIRA = {
  id: 'p1',
  name: 'Amira Khan',
  role: 'police_triage',
  force_id: 'demo-northshire',
  force_name: 'Northshire Police (demonstration)',
  centre_id: null,
  centre_name: null,
}
const ROW = {
  id: 'r1',
  reference: 'ABCD-EFGH-1',
  received_at: '2026-01-02T03:04:05.678Z',
  age_s: 61,
  state: 'awaiting_triage',
  sharing_choice: 'P1',
  area: 'ZZ1',
  force_id: 'demo-northshire',
  strands: ['race'],
  event_types: ['threat'],
  when: null,
  acknowledged_at: null,
  channel: 'self_phone',
  centre_name: 'Harbour Library (demonstration)',
}

type Answer = { status?: number; headers?: Record<string, string>; body: unknown; type?: string }
type Seen = { method: string; path: string; headers: IncomingMessage['headers']; body: string }

let server: Server
let seen: Seen
let answer: Answer
const realFetch = globalThis.fetch

beforeEach(async () => {
  server = createServer((request, response) => {
    let body = ''
    request.on('data', (part) => (body += String(part)))
    request.on('end', () => {
      seen = { method: request.method ?? '', path: request.url ?? '', headers: request.headers, body }
      response.writeHead(answer.status ?? 200, { 'Content-Type': answer.type ?? 'application/json', ...answer.headers })
      response.end(typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body))
    })
  })
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready))
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  // A page resolves addresses against its own origin; Node has none.
  vi.stubGlobal('fetch', (path: string, init: RequestInit) => realFetch(`${origin}${path}`, init))
})

afterEach(async () => {
  vi.unstubAllGlobals()
  api.whenSessionLost(() => undefined)
  await new Promise((closed) => server.close(closed))
})

const refused = async (call: Promise<unknown>): Promise<api.Refusal> => {
  const error: unknown = await call.then(
    () => null,
    (reason: unknown) => reason,
  )
  expect(error).toBeInstanceOf(api.Refusal)
  return error as api.Refusal
}

describe('what is asked', () => {
  it('marks every request as the desk page\'s own', async () => {
    answer = { body: { user: AMIRA } }

    await api.currentUser()

    expect(seen.headers['waymark-request']).toBe('1')
    expect([seen.method, seen.path]).toEqual(['GET', '/desk/api/session'])
  })

  it('sends a message as JSON', async () => {
    answer = { body: { acknowledged_at: '2026-01-02T03:04:05.678Z', delivered_to: 'device' } }

    expect((await api.acknowledge('r1', 'Thank you')).delivered_to).toBe('device')

    expect([seen.method, seen.path]).toEqual(['POST', '/desk/api/reports/r1/acknowledge'])
    expect(seen.headers['content-type']).toBe('application/json')
    expect(JSON.parse(seen.body)).toEqual({ message: 'Thank you' })
  })

  it('asks for a page by filter and cursor', async () => {
    answer = { body: { reports: [], next: null, counts: { waiting: 0, acknowledged: 0 } } }

    await api.queue({ ...UNFILTERED, queue: 'waiting', to: '2026-01-31', pictures: true }, 'c+/=')

    const query = 'limit=25&queue=waiting&received_to=2026-01-31&with_pictures=true&cursor=c%2B%2F%3D'
    expect(seen.path).toBe(`/desk/api/reports?${query}`)
  })
})

describe('what is done about a tablet', () => {
  it('is sent to its own address', async () => {
    answer = { status: 204, body: '' }

    await api.takeOut('d/1', 'all')

    expect([seen.method, seen.path, JSON.parse(seen.body)]).toEqual(['POST', '/desk/api/devices/d%2F1/revoke', { scope: 'all' }])
  })

  it('names the hole by its numbers alone', async () => {
    answer = { status: 204, body: '' }
    const gap = { epoch: '0'.repeat(16), first_seq: 4, count: 3, made_after: null, made_before: ROW.received_at, state: 'missing' }

    await api.explainGap('d1', { ...gap, explained: null, explained_at: null }, 'made_again')

    expect(seen.path).toBe('/desk/api/devices/d1/gaps')
    expect(JSON.parse(seen.body)).toEqual({ epoch: '0'.repeat(16), first_seq: 4, count: 3, why: 'made_again' })
  })

  it('can be refused', async () => {
    answer = { status: 404, body: { code: 'not_found', title: 'There is nothing here', next: 'Go back.' } }

    expect((await refused(api.takeOut('d1', 'keys'))).status).toBe(404)
  })
})

describe('what is answered', () => {
  it('is read into rows', async () => {
    answer = { body: { reports: [ROW], next: 'c2', counts: { waiting: 1, acknowledged: 0 } } }

    const page = await api.queue(UNFILTERED)

    expect(page.reports[0]?.reference).toBe('ABCD-EFGH-1')
    expect([page.next, page.counts.waiting]).toEqual(['c2', 1])
  })

  it.each([
    ['a row without an id', { reports: [{ ...ROW, id: undefined }], next: null, counts: { waiting: 0, acknowledged: 0 } }],
    ['an unknown sharing choice', { reports: [{ ...ROW, sharing_choice: 'P9' }], counts: { waiting: 0, acknowledged: 0 } }],
    ['a time that is none', { reports: [{ ...ROW, received_at: 'soon' }], counts: { waiting: 0, acknowledged: 0 } }],
    ['strands as one text', { reports: [{ ...ROW, strands: 'race' }], counts: { waiting: 0, acknowledged: 0 } }],
    ['no list', { reports: {}, counts: { waiting: 0, acknowledged: 0 } }],
    ['a page of another service', '<!doctype html><title>Log in to the network</title>'],
  ])('is refused whole when it holds %s', async (_, body) => {
    answer = { body }

    expect((await refused(api.queue(UNFILTERED))).code).toBe('not_understood')
  })

  it('keeps codes that a newer server adds', async () => {
    answer = { body: { reports: [{ ...ROW, state: 'urgent', strands: ['caste'] }], counts: { waiting: 0, acknowledged: 0 } } }

    const [row] = (await api.queue(UNFILTERED)).reports

    expect([row?.state, row?.strands]).toEqual(['urgent', ['caste']])
  })

  it('tells skipped answers from hidden ones', async () => {
    const shown = {
      ...ROW,
      groups: { narrative: { narrative_original: 'He shouted' }, contact: { safe_contact: 'not_answered' } },
      hidden_groups: ['identity'],
      masked_groups: ['contact'],
      acts: ['acknowledge_report'],
    }
    answer = { body: { report: shown, history: [{ at: ROW.received_at, who: 'Northshire Police', action: 'viewed' }] } }

    const report = await api.report('r1')

    expect(report.answers.narrative_original).toBe('He shouted')
    expect(report.answers.safe_contact).toBe('not_answered')
    expect(report.answers.name_known_as).toBeNull()
    expect([report.hiddenGroups, report.maskedGroups]).toEqual([['identity'], ['contact']])
    expect(report.acts).toEqual(['acknowledge_report'])
    expect(report.history[0]?.action).toBe('viewed')
  })
})

describe('a refusal', () => {
  const problem = { type: 'urn:waymark:problem:already_acknowledged', title: 'Someone has already', status: 409 }

  it('brings the server\'s next step', async () => {
    const body = { ...problem, code: 'already_acknowledged', next: 'Open the report again.' }
    answer = { status: 409, type: 'application/problem+json', body }

    const refusal = await refused(api.acknowledge('r1', 'x'))

    expect([refusal.status, refusal.code, refusal.next]).toEqual([409, 'already_acknowledged', 'Open the report again.'])
  })

  it('says how long to wait', async () => {
    answer = { status: 429, headers: { 'Retry-After': '30' }, body: { code: 'too_many_attempts' } }

    expect((await refused(api.logIn('amira', 'x', true))).retryAfterS).toBe(30)
  })

  it('of a session tells the page, once', async () => {
    const lost = vi.fn()
    api.whenSessionLost(lost)
    answer = { status: 401, body: { code: 'login_needed' } }

    await refused(api.devices())

    expect(lost).toHaveBeenCalledExactlyOnceWith('login_needed')
  })

  it('of a password is no lost session', async () => {
    const lost = vi.fn()
    api.whenSessionLost(lost)
    answer = { status: 401, body: { code: 'login_failed' } }

    expect((await refused(api.logIn('amira', 'x', true))).code).toBe('login_failed')
    expect(lost).not.toHaveBeenCalled()
  })

  it.each([
    ['no body', ''],
    ['a body of another service', '<html>'],
    ['a body of another shape', { code: 7 }],
    ['a list', []],
  ])('with %s is still a refusal', async (_, body) => {
    answer = { status: 502, body }

    const refusal = await refused(api.quarantine())

    expect([refusal.status, refusal.code]).toEqual([502, 'not_understood'])
  })

  it('of the network is told apart', async () => {
    vi.stubGlobal('fetch', () => realFetch('http://127.0.0.1:1/'))

    expect((await refused(api.currentUser())).code).toBe('unreachable')
  })
})

it('takes the time from the server, not from the desk', async () => {
  answer = { headers: { Date: 'Fri, 02 Jan 2026 03:04:05 GMT' }, body: { items: [] } }

  await api.quarantine()

  expect(Math.abs(api.serverNowMs() - Date.parse('2026-01-02T03:04:05Z'))).toBeLessThan(2_000)
})

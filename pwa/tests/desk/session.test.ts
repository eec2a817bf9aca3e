import { createServer } from 'node:http'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

/** Two tabs of one browser: two copies of the desk's modules, one store, one channel, one service. */

type Tab = {
  readonly session: typeof import('../../src/desk/session.ts')
  readonly api: typeof import('../../src/desk/api.ts')
}
type Said = { status?: number; body?: unknown; wait?: Promise<void> }

const user = (id: string) => ({
  id,
  name: id,
  role: 'centre_worker',
  force_id: null,
  force_name: null,
  centre_id: 'c1',
  centre_name: 'Harbour Library',
})
const realFetch = globalThis.fetch
const kept = new Map<string, string>()
const storage = {
  getItem: (name: string) => kept.get(name) ?? null,
  setItem: (name: string, value: string) => void kept.set(name, value),
  removeItem: (name: string) => void kept.delete(name),
}
const replaced = vi.fn()

let server: Server
let asked: string[]
let says: Map<string, Said>
let here: string
let locked: boolean
let isCut = false
let channels: BroadcastChannel[]

beforeEach(async () => {
  asked = []
  says = new Map()
  channels = []
  here = 'amira'
  locked = false
  isCut = false
  kept.clear()
  replaced.mockClear()
  server = createServer((request, response) => {
    const what = `${request.method} ${request.url?.replace('/desk/api', '')}`
    const person = request.headers['waymark-person']
    asked.push(person === undefined ? what : `${what} as ${person}`)
    request.resume().on('end', () => {
      const said = says.get(what) ?? {}
      if (what === 'POST /session/lock') locked = true
      // Read before any waiting, like a service that has looked and whose answer is slow to come.
      const body = JSON.stringify(said.body ?? { user: user(here), shared: true, locked })
      void (said.wait ?? Promise.resolve()).then(() => {
        response.writeHead(said.status ?? 200, { 'Content-Type': 'application/json' })
        response.end(body)
      })
    })
  })
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready))
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  vi.stubGlobal('fetch', (path: string, init: RequestInit) =>
    isCut ? Promise.reject(new TypeError('no network')) : realFetch(`${origin}${path}`, init))
  const Real = BroadcastChannel
  vi.stubGlobal('BroadcastChannel', class extends Real {
    constructor(name: string) {
      super(name)
      channels.push(this)
    }
  })
  vi.stubGlobal('localStorage', storage)
  vi.stubGlobal('location', { pathname: '/desk', search: '', href: 'http://localhost/desk', replace: replaced })
  vi.stubGlobal('history', { replaceState: () => undefined, pushState: () => undefined })
  vi.stubGlobal('addEventListener', () => undefined)
})

afterEach(async () => {
  for (const channel of channels) channel.close()
  vi.unstubAllGlobals()
  server.closeAllConnections()
  await new Promise((closed) => server.close(closed))
})

async function open(): Promise<Tab> {
  vi.resetModules()
  const tab = { api: await import('../../src/desk/api.ts'), session: await import('../../src/desk/session.ts') }
  tab.session.followTabs()
  await tab.session.startSession()
  return tab
}

const status = ({ session }: Tab) => session.session.value.status
const who = ({ session }: Tab) => {
  const now = session.session.value
  return 'user' in now ? now.user.id : null
}
const refuse = (what: string, code: string, status = 401) => says.set(what, { status, body: { code, title: 'x' } })
const LOGIN = 'POST /session'
const draft = { message: 'Half a sentence' }

describe('a page that was left', () => {
  it('shows nobody, tells the service and the other tab', async () => {
    const [one, other] = [await open(), await open()]

    one.session.lockPage()

    expect(status(one)).toBe('locked')
    await vi.waitFor(() => expect(status(other)).toBe('locked'))
    await vi.waitFor(() => expect(asked).toContain('POST /session/lock as amira'))
  })

  it('is open in every tab once its person has shown who they are', async () => {
    const [one, other] = [await open(), await open()]
    one.session.lockPage()
    await vi.waitFor(() => expect(status(other)).toBe('locked'))

    await vi.waitFor(() => expect(locked).toBe(true))

    locked = false
    one.session.unlocked()

    expect(status(one)).toBe('in')
    await vi.waitFor(() => expect(status(other)).toBe('in'))
    expect(kept.size).toBe(0)
  })

  it('keeps what its person typed, for them', async () => {
    const tab = await open()
    tab.session.keepDraft('r1', 'acknowledge_report', draft)
    tab.session.lockPage()
    tab.session.unlocked()

    expect(tab.session.draftOf('r1', 'acknowledge_report')).toEqual(draft)
  })

  it('is still locked after a reload without a network in between', async () => {
    const tab = await open()
    isCut = true
    tab.session.lockPage()
    await vi.waitFor(() => expect(kept.get('desk-owed')).toBe('lock amira'))
    isCut = false
    asked = []

    const again = await open()

    expect(status(again)).toBe('locked')
    expect(asked[0]).toBe('POST /session/lock as amira')
  })

  it('is covered when the service has locked it first', async () => {
    const tab = await open()
    refuse('GET /devices', 'session_locked')

    await tab.api.devices().catch(() => undefined)

    expect(status(tab)).toBe('locked')
  })
})

describe('an answer to whoever was here before', () => {
  it.each(['session_locked', 'login_needed', 'another_person'])('with %s moves nothing once somebody has unlocked', async (code) => {
    const tab = await open()
    let arrive = () => undefined as void
    says.set('GET /devices', { status: 401, body: { code, title: 'x' }, wait: new Promise((resolve) => (arrive = resolve)) })
    const slow = tab.api.devices().catch(() => undefined)
    await vi.waitFor(() => expect(asked).toContain('GET /devices as amira'))
    tab.session.lockPage()
    tab.session.unlocked()

    arrive()
    await slow

    expect(status(tab)).toBe('in')
  })
})

describe('a session that ran out', () => {
  it.each([
    ['amira', draft],
    ['bela', {}],
  ])('and %s logs in: what was typed is %j', async (next, expected) => {
    const tab = await open()
    tab.session.keepDraft('r1', 'acknowledge_report', draft)
    refuse('GET /devices', 'login_needed')
    await tab.api.devices().catch(() => undefined)
    expect(tab.session.session.value).toEqual({ status: 'out', expired: true })
    says.set(LOGIN, { body: { user: user(next), shared: true } })

    await tab.session.enterWith(next, 'x', true)

    expect(tab.session.draftOf('r1', 'acknowledge_report')).toEqual(expected)
  })
})

describe('switching', () => {
  it('leaves at once, tells the service as whoever left, and loads the page anew', async () => {
    const tab = await open()
    tab.session.keepDraft('r1', 'acknowledge_report', draft)

    const left = tab.session.leave()
    expect(status(tab)).toBe('checking')
    await left

    expect(asked.at(-1)).toBe('DELETE /session as amira')
    expect(replaced).toHaveBeenCalledWith('/desk')
    expect(kept.size).toBe(0)
    expect(tab.session.draftOf('r1', 'acknowledge_report')).toEqual({})
  })

  it('without a network is owed, over a reload, and nobody is shown in between', async () => {
    const tab = await open()
    isCut = true
    await tab.session.leave()
    expect([status(tab), tab.session.stillOwing.value]).toEqual(['out', true])
    const reloaded = await open()
    expect([status(reloaded), reloaded.session.stillOwing.value]).toEqual(['out', true])
    isCut = false
    asked = []
    refuse('GET /session', 'login_needed')

    const again = await open()

    expect(asked).toEqual(['DELETE /session as amira', 'GET /session'])
    expect([status(again), again.session.stillOwing.value, kept.size]).toEqual(['out', false, 0])
  })

  it('owes nothing for a session that is over', async () => {
    const tab = await open()
    refuse('DELETE /session', 'login_needed')

    await tab.session.leave()

    expect([kept.size, replaced.mock.calls]).toEqual([0, [['/desk']]])
  })

  it('leaves a failing service its debt', async () => {
    const tab = await open()
    refuse('DELETE /session', 'internal', 500)

    await tab.session.leave()

    expect(kept.get('desk-owed')).toBe('log_out amira')
    expect(replaced).not.toHaveBeenCalled()
  })

  it('ends the other tab', async () => {
    const [one, other] = [await open(), await open()]
    other.session.keepDraft('r1', 'acknowledge_report', draft)

    await one.session.leave()

    await vi.waitFor(() => expect(status(other)).toBe('out'))
    expect(other.session.draftOf('r1', 'acknowledge_report')).toEqual({})
  })

  it('gives the next person a page of their own, in both tabs', async () => {
    const [one, other] = [await open(), await open()]
    other.session.keepDraft('r1', 'acknowledge_report', draft)
    await one.session.leave()
    here = 'bela'
    says.set(LOGIN, { body: { user: user('bela'), shared: true } })

    await one.session.enterWith('bela', 'x', true)

    expect(who(one)).toBe('bela')
    await vi.waitFor(() => expect([status(other), who(other)]).toEqual(['in', 'bela']))
    await vi.waitFor(() => expect([status(one), who(one)]).toEqual(['in', 'bela']))
    expect(other.session.draftOf('r1', 'acknowledge_report')).toEqual({})
    await other.api.devices().catch(() => undefined)
    expect(asked.at(-1)).toBe('GET /devices as bela')
  })

  it('is seen by a tab that was not told', async () => {
    const tab = await open()
    tab.session.keepDraft('r1', 'acknowledge_report', draft)
    here = 'bela'
    refuse('GET /devices', 'another_person', 409)

    await tab.api.devices().catch(() => undefined)
    await vi.waitFor(() => expect(who(tab)).toBe('bela'))

    expect(tab.session.draftOf('r1', 'acknowledge_report')).toEqual({})
  })

  it('is not undone by an answer that was on its way', async () => {
    const tab = await open()
    let arrive = () => undefined as void
    says.set('GET /session', { wait: new Promise((resolve) => (arrive = resolve)) })
    const slow = tab.session.startSession()
    await vi.waitFor(() => expect(asked.filter((one) => one === 'GET /session')).toHaveLength(2))
    says.set(LOGIN, { body: { user: user('bela'), shared: true } })
    await tab.session.enterWith('bela', 'x', true)

    arrive()
    await slow

    expect(who(tab)).toBe('bela')
  })

  it('never says whom it is about where somebody becomes known', async () => {
    const tab = await open()
    await tab.session.enterWith('bela', 'x', true)

    expect(asked.filter((one) => one.startsWith(LOGIN))).toEqual([LOGIN])
  })
})

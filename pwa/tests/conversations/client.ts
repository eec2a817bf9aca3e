/**
 * The app's sync modules behind the commands of PROTOCOL.md, section 16. One process is one device
 * from its first start to its last: each line on standard input is a command, each line on standard output what
 * came of it. `send` is what opening the app and asking for everything at once does.
 */

import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { serialize } from 'node:v8'
import { readCards } from '../../src/sync/cards.ts'
import { readCustody } from '../../src/sync/custody.ts'
import { enrol, identity } from '../../src/sync/device.ts'
import { exportQueue } from '../../src/sync/engine.ts'
import { allEntries, allKeys } from '../../src/sync/feed.ts'
import { call } from '../../src/sync/outbox.ts'
import { allParcels, allReceipts } from '../../src/sync/parcels.ts'
import { drain } from '../../src/sync/pass.ts'
import { save } from '../../src/sync/save.ts'
import { settle } from '../../src/sync/settle.ts'
import type { Answers } from '../../src/sync/types.ts'
import { connect, disconnect, furnish } from './browser.ts'

type Asked = { readonly arguments: readonly string[]; readonly stdin: string }
type Told = { readonly code: number; readonly out: string }

const [DONE, WAITS, HELD] = [0, 3, 4]
const NOBODY: ReadonlySet<string> = new Set()
const home = process.env['WAYMARK_SYNC_HOME'] ?? ''
let origin = ''

async function run([command = '', ...rest]: readonly string[], stdin: string): Promise<Told> {
  switch (command) {
    case 'enrol':
      return become(rest)
    case 'add':
      return add(stdin)
    case 'send':
      return send()
    case 'status':
      return status()
    case 'inbox':
      return { code: DONE, out: JSON.stringify({ messages: (await readCards(NOBODY)).flatMap((card) => card.messages) }) }
    case 'export':
      writeFileSync(rest[0] ?? '', Buffer.from(await (await exportQueue()).arrayBuffer()), { flag: 'wx' })
      return { code: DONE, out: '' }
    default:
      throw new Error(`no such command: ${command}`)
  }
}

/** A build pins its root of trust; this one is told it when it begins. */
async function become([code = '', ...options]: readonly string[]): Promise<Told> {
  origin = options[options.indexOf('--service') + 1] ?? ''
  const trust: unknown = JSON.parse(readFileSync(options[options.indexOf('--trust') + 1] ?? '', 'utf8'))
  Object.assign(globalThis, { __TRUST__: trust })
  const { centreName } = await online(() => enrol(code))
  return { code: DONE, out: centreName }
}

async function add(stdin: string): Promise<Told> {
  const { answers } = JSON.parse(stdin) as { readonly answers: Answers }
  const device = await identity()
  if (device.mode !== 'centre') throw new Error('not enrolled')
  const at = new Date().toISOString()
  const draft = { form_version: 'test', policy_version: '', centre_id: device.centreId, ui_language: 'en', started_at: at, completed_at: at, answers }
  const { saved } = await save(draft, device)
  // A browser that lost one of its two stores would still call it saved, in other words. Here neither may fail.
  if (saved.stored !== 'both' || !saved.durable) throw new Error(`stored: ${saved.stored}`)
  return { code: DONE, out: JSON.stringify({ item_id: saved.itemId }) }
}

async function send(): Promise<Told> {
  const device = await identity()
  const heartbeat = device.mode === 'centre' ? device.deviceId : null
  const feeds = async () => (await allKeys()).map((keys) => keys.deviceId).filter((id) => id !== 'probe')
  const passed = await online(() => drain({ reason: 'asked', heartbeat, feeds, byHand: true }, { sending: () => undefined }))
  await settle()
  const told = { problem: passed?.failure?.reason ?? '', again_at_ms: passed?.wakeAtMs ?? null }
  return { code: await standing(), out: JSON.stringify(told) }
}

/** Of both stores, which must say the same. */
async function status(): Promise<Told> {
  const [parcels, rows] = [await allParcels(), await call('list')]
  const inOutbox = new Map(rows.map((row): [string, string] => [row.itemId, row.state]))
  const agree = parcels.length === rows.length && parcels.every((each) => inOutbox.get(each.itemId) === each.state)
  const { missing } = await readCustody(await readCards(NOBODY))
  const count = (state: string) => parcels.filter((each) => each.state === state).length
  keepReadable([parcels, await allReceipts(), await allEntries()])
  const told = {
    made: parcels.length,
    waiting: count('queued'),
    sent: count('receipted') + count('tombstone'),
    let_go: count('tombstone'),
    held_for_a_person: count('quarantined'),
    whole: missing === 0 && agree,
  }
  return { code: told.whole ? await standing() : HELD, out: JSON.stringify(told) }
}

async function standing(): Promise<number> {
  const states: ReadonlySet<string> = new Set((await allParcels()).map((each) => each.state))
  return states.has('quarantined') ? HELD : states.has('queued') ? WAITS : DONE
}

/** IndexedDB lies in memory here: its bytes are put where whoever looks for plain text finds them. */
function keepReadable(stores: readonly unknown[]): void {
  writeFileSync(join(home, 'indexed-db'), serialize(stores))
}

async function online<T>(work: () => Promise<T>): Promise<T> {
  connect(origin)
  try {
    return await work()
  } finally {
    disconnect()
  }
}

process.umask(0o077)
mkdirSync(home, { recursive: true })
chmodSync(home, 0o700)
furnish(home)
Object.assign(globalThis, { __BUILD__: '0.0.0+test' })
const lines = createInterface({ input: process.stdin })
for await (const line of lines) {
  const asked = JSON.parse(line) as Asked
  const told = await run(asked.arguments, asked.stdin).catch((error: unknown): Told => ({ code: 1, out: String((error as Error).stack) }))
  process.stdout.write(`${JSON.stringify(told)}\n`)
}
process.exit(0)

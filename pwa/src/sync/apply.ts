/** The stores as the core sees them: what is read for it, and what an answer changes, all or nothing. */

import { CHECK_IN_MS } from './core.ts'
import type { Apply, Held, QueueRead, Row, Write } from './core-parts.ts'
import { SUSPECT_AFTER } from './core-settle.ts'
import { entriesOf, putPage } from './feed.ts'
import { result, type Stores } from './indexed-db.ts'
import {
  adopt,
  allParcels,
  allReceipts,
  COMPANIONS_MAX,
  keepSetting,
  type FeedEntry,
  isErased,
  type KeptFile,
  type KeptReceipt,
  type Parcel,
  putReceipt,
  setting,
  type StoreName,
  stores,
} from './parcels.ts'
import { equal, own } from './bytes.ts'
import { leaving, obey, passOver } from './orders.ts'
import { ITEMS_MAX, MANIFEST_MAX } from './protocol.generated.ts'
import { allFiles, GONE } from './files-store.ts'

const WAIT_MS_MAX = 30 * 3_600_000 // a clock that was set back must not hold an item for longer

/** Queued reports whose time has come: those that never failed together first, then the oldest. */
export async function readDue(nowMs: number): Promise<readonly Row[]> {
  const due = (await allParcels()).filter((each) => each.state === 'queued' && isDue(each, nowMs))
  return due
    .sort((a, b) => b.companions - a.companions || a.createdAt.localeCompare(b.createdAt) || a.seq - b.seq || a.itemId.localeCompare(b.itemId))
    .slice(0, ITEMS_MAX)
}

function isDue({ nextTryAt }: Pick<Parcel, 'nextTryAt'>, nowMs: number): boolean {
  return nextTryAt === null || nextTryAt <= nowMs || nextTryAt > nowMs + WAIT_MS_MAX
}

export async function readQueue(): Promise<Omit<QueueRead, 'type' | 'nowMs'>> {
  const [parcels, files] = await Promise.all([allParcels(), allFiles()])
  const sendable = parcels.some((each) => each.state === 'queued' && each.soloFailures < SUSPECT_AFTER)
  const queued = parcels.filter((each) => each.state === 'queued').map((each) => each.nextTryAt ?? 0)
  return {
    nextTryMs: queued.length === 0 ? null : Math.min(...queued),
    holding: parcels.some((each) => each.state === 'receipted') || files.some((file) => file.state !== 'gone'),
    notBefore: (await setting<number>('not_before')) ?? 0,
    leaving: await leaving(),
    draining: sendable || files.some((file) => file.state === 'queued'),
    stuck: parcels.some((each) => each.state === 'queued' || each.state === 'quarantined'),
  }
}

/** Nothing, when it was asked a short while ago, unless it is `wanted` all the same: pages ask often. */
export async function readRetained(
  after: { readonly deviceId: string; readonly itemId: string },
  wanted: boolean,
): Promise<{ readonly held: readonly Held[]; readonly incarnation: string | null }> {
  const incarnation = (await setting<string>('incarnation')) ?? null
  const asked = (await setting<number>('asked_at')) ?? 0
  const recent = asked <= Date.now() && Date.now() < asked + CHECK_IN_MS
  if (after.deviceId === '' && recent && !wanted) return { held: [], incarnation }
  const receipts = new Map((await allReceipts()).map((each): [string, KeptReceipt] => [each.itemId, each]))
  const held = (await allParcels())
    .filter((each) => each.state === 'receipted' && receipts.get(each.itemId)?.receipt.incarnation === incarnation)
    .map(({ deviceId, itemId, sha256 }) => ({ deviceId, itemId, sha256, pos: receipts.get(itemId)?.result.pos ?? 0 }))
    .filter((each) => each.pos > 0 && isAfter(each, after))
    .sort((a, b) => (isAfter(a, b) ? 1 : -1))
    .slice(0, MANIFEST_MAX)
  if (held.length === 0) await keepSetting('asked_at', Date.now())
  return { held, incarnation }
}

type Place = { readonly deviceId: string; readonly itemId: string }

function isAfter(one: Place, other: Place): boolean {
  return one.deviceId === other.deviceId ? one.itemId > other.itemId : one.deviceId > other.deviceId
}

/** `stale`: another drainer has learnt more meanwhile, and nothing was written. */
export async function applyAll(effect: Apply): Promise<{ readonly stale: boolean; readonly requeued: boolean }> {
  const pages = new Map<Write, readonly FeedEntry[]>()
  for (const write of effect.writes) if (write.type === 'keep_page') pages.set(write, await entriesOf(write.feedId, write.page))
  return stores.write(['parcels', 'receipts', 'feed', 'kv', 'files'], async (store) => {
    const known = (await result<string | undefined>(store('kv').get('incarnation'))) ?? null
    const news = effect.incarnation !== null && effect.incarnation !== known
    if (news && known !== effect.seen) return { stale: true, requeued: false }
    const requeued = news && effect.incarnation !== null && (await adopt(store, effect.incarnation))
    for (const write of effect.writes) await apply(store, write, pages.get(write) ?? [])
    return { stale: false, requeued }
  })
}

async function apply(store: Stores<StoreName>, write: Write, entries: readonly FeedEntry[]): Promise<void> {
  switch (write.type) {
    case 'take_receipt': {
      const { item_id, result: found, receipt } = write.body
      return putReceipt(store, { itemId: item_id, sha256: own(write.sha256), result: found, receipt }, new Date().toISOString())
    }
    case 'set_aside':
      return change(store, write.row.itemId, waits(write.row), { state: 'quarantined', lastError: write.error, nextTryAt: null })
    case 'postpone': {
      const { nextTryMs, error, attempts, companions, soloFailures } = write
      return change(store, write.row.itemId, waits(write.row), { nextTryAt: nextTryMs, lastError: error, attempts, companions, soloFailures })
    }
    case 'let_go':
      if (await holds(store, write, write.incarnation)) await letGo(store, write.itemId)
      return
    case 'offer_again':
      if (await holds(store, write)) await change(store, write.itemId, isReceipted, QUEUED)
      return
    case 'keep_page':
      await putPage(store, write.feedId, write.page.cursor, entries)
      return
    case 'mark_applied':
      return markApplied(store, write.messageId)
    case 'remember':
      // A challenge is one feed's, and kept in memory by whoever asks.
      if (write.key === 'not_before') await result(store('kv').put(write.value, 'not_before'))
      return
    case 'obey':
      return obey(store, write.deviceId, write.scope)
    case 'pass_over':
      return passOver(store)
    case 'send_now':
      for (const each of await result<Parcel[]>(store('parcels').getAll()))
        if (each.state === 'queued' && each.nextTryAt !== null)
          await result(store('parcels').put({ ...each, nextTryAt: null } satisfies Parcel))
  }
}

/** Of an erased report the files go, too: they say as much as it did. Their bytes are taken out by the next sweep. */
async function letGo(store: Stores<StoreName>, itemId: string): Promise<void> {
  await change(store, itemId, isReceipted, { state: 'tombstone', sealed: new Uint8Array() })
  if (!isErased(await result<KeptReceipt | undefined>(store('receipts').get(itemId)))) return
  for (const file of await result<KeptFile[]>(store('files').getAll()))
    if (file.itemId === itemId) await result(store('files').put({ ...file, ...GONE } satisfies KeptFile))
}

const QUEUED = { state: 'queued', attempts: 0, companions: COMPANIONS_MAX, soloFailures: 0, nextTryAt: null, lastError: null } as const
const isReceipted = (now: Parcel) => now.state === 'receipted'

/** Another drainer may have had better luck meanwhile: its word stands. */
function waits(row: Row): (now: Parcel) => boolean {
  return (now) => now.state === 'queued' && now.attempts === row.attempts
}

async function change(
  store: Stores<StoreName>,
  itemId: string,
  expected: (now: Parcel) => boolean,
  to: Partial<Parcel>,
): Promise<void> {
  const now = await result<Parcel | undefined>(store('parcels').get(itemId))
  if (now !== undefined && expected(now)) await result(store('parcels').put({ ...now, ...to }))
}

/** Is this still the receipt that is held? */
async function holds(
  store: Stores<StoreName>,
  of: { readonly itemId: string; readonly sha256: Uint8Array; readonly pos: number },
  incarnation?: string,
): Promise<boolean> {
  const kept = await result<KeptReceipt | undefined>(store('receipts').get(of.itemId))
  if (kept === undefined || kept.result.pos !== of.pos || !equal(kept.sha256, of.sha256)) return false
  return incarnation === undefined || kept.receipt.incarnation === incarnation
}

async function markApplied(store: Stores<StoreName>, messageId: string): Promise<void> {
  for (const entry of await result<FeedEntry[]>(store('feed').getAll()))
    if (entry.id === messageId) await result(store('feed').put({ ...entry, applied: true } satisfies FeedEntry))
}

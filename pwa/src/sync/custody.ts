/**
 * What this device answers for: all that it made and has not seen safe, and how the device itself stands. Read
 * from the stores each time, so that nothing is shown that only was.
 */

import { endOfLife, reachedAt } from './contact.ts'
import { allParcels, allReceipts, hasArrived, isErased, type Parcel, stores } from './parcels.ts'
import { result } from './indexed-db.ts'
import { type Sequence, SEQUENCE } from './sequence.ts'
import type { Custody, CustodyItem, CustodyState, FilesOfReport, OutboxCard } from './types.ts'

declare const __BUILD__: string
const SUSPECT = 'suspect'

type Facts = {
  /** The service has given a receipt for it, now or before. */
  readonly receipted: boolean
  readonly card: Pick<OutboxCard, 'state' | 'files'> | null
}

/** `cards`: as the list shows them, with what came back. Newest first; what was let go of is counted alone. */
export async function readCustody(cards: readonly OutboxCard[]): Promise<Custody> {
  const [parcels, receipts] = await Promise.all([allParcels(), allReceipts()])
  const receipted: ReadonlySet<string> = new Set(receipts.map((each) => each.itemId))
  const erased: ReadonlySet<string> = new Set(receipts.filter(isErased).map((each) => each.itemId))
  const byItem = new Map(cards.map((card): [string, OutboxCard] => [card.itemId, card]))
  const listed = parcels.filter((each) => !each.hidden)
  const items = listed
    .flatMap((each) => item(each, { receipted: receipted.has(each.itemId), card: byItem.get(each.itemId) ?? null }))
    .sort((a, b) => b.createdAt.localeCompare(a.createdAt) || a.itemId.localeCompare(b.itemId))
  return {
    items,
    safe: listed.filter((each) => each.state === 'tombstone' && !erased.has(each.itemId)).length,
    erased: listed.filter((each) => each.state === 'tombstone' && erased.has(each.itemId)).length,
    missing: missing(parcels, await sequences()),
    oldestAt: items.filter(isUnsent).map((each) => each.createdAt).sort()[0] ?? null,
    reachedAt: await reachedAt(),
    roomBytes: await room(),
    build: __BUILD__,
    endOfLife: await endOfLife(),
  }
}

/** What lies nowhere else, as far as anybody can prove. */
export function isUnsent(one: Pick<CustodyItem, 'state' | 'sealedHere'>): boolean {
  return one.sealedHere && (one.state === 'waits' || one.state === 'again' || one.state === 'person')
}

function item(parcel: Parcel, facts: Facts): readonly CustodyItem[] {
  const state = custodyState(parcel, facts)
  if (state === null) return []
  const { itemId, reference, createdAt, kind } = parcel
  return [{ itemId, reference, createdAt, kind, state, sealedHere: !hasArrived(parcel), filesWaiting: waiting(facts.card?.files) }]
}

/** Null: every backup of the service holds it, or it was erased, and nothing is asked of anybody. */
export function custodyState(
  parcel: Pick<Parcel, 'state' | 'verdict' | 'lastError'>,
  { receipted, card }: Facts,
): CustodyState | null {
  const lost = card !== null && card.files.lost > 0
  if (card?.state === 'erased') return null
  if (parcel.state === 'quarantined' || parcel.lastError === SUSPECT || lost) return 'person'
  if (parcel.state === 'queued') return receipted ? 'again' : 'waits'
  if (card?.state === 'attention' || parcel.verdict === 'conflict') return 'person'
  if (card?.state === 'acknowledged') return 'answered'
  return parcel.state === 'receipted' || waiting(card?.files) > 0 ? 'kept' : null
}

function waiting(files: FilesOfReport | undefined): number {
  return files === undefined ? 0 : files.total - files.arrived - files.lost
}

/** Numbers that were given out here and have nothing under them: something was made that is here no longer. */
export function missing(
  parcels: readonly Pick<Parcel, 'deviceId' | 'epoch' | 'seq'>[],
  given: readonly (Sequence & { readonly deviceId: string })[],
): number {
  const seen = new Map<string, Set<number>>()
  const last = new Map<string, number>()
  const count = (key: string, seq: number) => last.set(key, Math.max(last.get(key) ?? 0, seq))
  for (const { deviceId, epoch, seq } of parcels) {
    const key = `${deviceId} ${epoch}`
    seen.set(key, (seen.get(key) ?? new Set()).add(seq))
    count(key, seq)
  }
  for (const { deviceId, epoch, maxSeq } of given) count(`${deviceId} ${epoch}`, maxSeq)
  return [...last].reduce((sum, [key, max]) => sum + max - (seen.get(key)?.size ?? 0), 0)
}

async function sequences(): Promise<readonly (Sequence & { readonly deviceId: string })[]> {
  const range = IDBKeyRange.bound(SEQUENCE, `${SEQUENCE}\uffff`)
  return stores.read(['kv'], async (store) => {
    const keys = await result(store('kv').getAllKeys(range))
    const given = await result<Sequence[]>(store('kv').getAll(range))
    return given.map((each, index) => ({ ...each, deviceId: String(keys[index]).slice(SEQUENCE.length) }))
  })
}

/** Null where the browser does not say. */
async function room(): Promise<number | null> {
  const told = await navigator.storage?.estimate?.().catch(() => undefined)
  return told?.quota === undefined || told.usage === undefined ? null : Math.max(0, told.quota - told.usage)
}

/**
 * Send the files of reports that have arrived: in pieces, going on where the service stands. No page is needed, so a
 * service worker can do it, too. Two senders at once are harmless: each piece is stored once, and every change of
 * a row compares before it sets. The lock only saves traffic.
 */

import { equal } from './bytes.ts'
import { delayMs, endsPass, type Failure } from './decide.ts'
import { digestOnDisk } from './files-digest.ts'
import { FileLost, pieceOf } from './files-folder.ts'
import { provedComplete } from './files-proof.ts'
import { REST_MS, rests, WAITS } from './files-rest.ts'
import { allFiles, changeFile, completeFile } from './files-store.ts'
import { append, begin, type Told } from './files-wire.ts'
import { allParcels, hasArrived, type KeptFile, type Parcel, setting } from './parcels.ts'
import type { AttState } from './protocol.generated.ts'
import { pullFeed } from './pull.ts'
import { keySetInUse, refreshKeySet } from './trust.ts'

const PIECE_BYTES_MIN = 65_536
const PIECE_BYTES_FIRST = 262_144 // eight seconds on a 256 kbit/s link, so that little is sent twice
const PIECE_BYTES_MAX = 1_048_576
const QUICK_MS = 4_000
const REWINDS_MAX = 3 // in one pass: a service that moves for ever is broken
const MISSES_MAX = 2 // a frozen tab may hold the lock for ever
const REFUSED_MS = 24 * 3_600_000 // too large, it was said, though it is not: asked again, but not often

export type SendOptions = {
  /** Ignore every planned delay. */
  readonly force: boolean
  /** Asked between two pieces: something more urgent waits, go on later. */
  readonly yields?: () => boolean
  /** A file has arrived, or will not. */
  readonly changed?: () => void
}

export type FilesSent = { readonly completed: number; readonly interrupted: boolean }

let misses = 0
let pieceBytes = PIECE_BYTES_FIRST

/** Null when another tab is at it. */
export async function sendFiles(options: SendOptions): Promise<FilesSent | null> {
  if ((await dueFiles(options.force)).length === 0) return { completed: 0, interrupted: false }
  if (!('locks' in navigator)) return pass(options)
  return navigator.locks.request('files', { ifAvailable: true }, async (lock) => {
    if (lock === null && misses < MISSES_MAX) {
      misses++
      return null
    }
    misses = 0
    return pass(options)
  })
}

/** Files that may go now, oldest report first: its receipt comes before them. */
export async function dueFiles(force: boolean, now = Date.now()): Promise<readonly KeptFile[]> {
  const sent = new Map((await allParcels()).filter(hasArrived).map((each) => [each.itemId, each]))
  const createdAt = (file: KeptFile) => sent.get(file.itemId)?.createdAt ?? ''
  return (await allFiles())
    .filter((file) => file.state === 'queued' && sent.has(file.itemId))
    .filter((file) => force || file.nextTryAt === null || file.nextTryAt <= now || file.nextTryAt > now + 1.3 * REFUSED_MS)
    .sort((a, b) => createdAt(a).localeCompare(createdAt(b)) || a.itemId.localeCompare(b.itemId) || a.number - b.number)
}

async function pass(options: SendOptions): Promise<FilesSent> {
  let completed = 0
  for (const file of await dueFiles(options.force)) {
    if (options.yields?.() === true) return { completed, interrupted: true }
    const ended = await sendOne(file, options)
    if (ended === 'interrupted') return { completed, interrupted: true }
    options.changed?.()
    if (ended === 'complete') completed++
    else if (typeof ended === 'object' && endsPass(ended)) break
  }
  return { completed, interrupted: false }
}

type Ended = 'complete' | 'interrupted' | 'lost' | 'rests' | Failure

async function sendOne(file: KeptFile, options: SendOptions): Promise<Ended> {
  const way = new Way(file)
  try {
    if (await rests(file)) return await rest(file)
    const ended = await way.go(options)
    if (ended === 'rests') return await rest(file)
    if (typeof ended === 'object') await noteSetback(file, ended, way.moved)
    return ended
  } catch (error) {
    if (!(error instanceof FileLost)) throw error
    await changeFile(file.attId, isQueued, { state: 'lost', lastError: 'file_lost', nextTryAt: null })
    return 'lost'
  }
}

/** Smaller files may go on meanwhile. */
async function rest(file: KeptFile): Promise<'rests'> {
  await changeFile(file.attId, isQueued, { lastError: WAITS, nextTryAt: Date.now() + REST_MS })
  return 'rests'
}

/** One file on its way, for one pass. */
class Way {
  readonly #file: KeptFile
  #rewinds = 0
  /** At least one piece was taken: the link works, so the next try is soon. */
  moved = false

  constructor(file: KeptFile) {
    this.#file = file
  }

  /** Raises FileLost. */
  async go(options: SendOptions): Promise<Exclude<Ended, 'lost'>> {
    let told = await begin(this.#file)
    for (;;) {
      if (told.type === 'failed') return this.#failed(told.failure)
      if (told.type === 'complete') return takeOver(this.#file, told.state)
      if (told.offset >= this.#file.size) return { type: 'server_fault', reason: 'not_completed', afterS: 0 }
      if (options.yields?.() === true) return 'interrupted'
      if (await rests(this.#file)) return 'rests'
      told = await this.#next(told.offset)
      if (told.type === 'moved' && ++this.#rewinds > REWINDS_MAX) return { type: 'server_fault', reason: 'moved', afterS: 0 }
    }
  }

  async #next(offset: number): Promise<Told> {
    const file = this.#file
    const to = Math.min(file.size, offset + pieceBytes)
    const piece = await pieceOf(file.attId, offset, to)
    const began = performance.now()
    const told = await append(file, offset, piece)
    if (told.type === 'at' && told.offset !== to) return { type: 'moved', offset: told.offset }
    if (told.type === 'at' || told.type === 'complete') this.#taken(performance.now() - began)
    // The whole was not what its report names: altered on the way, or here.
    if (told.type === 'moved' && told.offset === 0 && to === file.size) await ownCopyHolds(file)
    return told
  }

  #taken(ms: number): void {
    this.moved = true
    if (ms < QUICK_MS) pieceBytes = Math.min(PIECE_BYTES_MAX, pieceBytes * 2)
  }

  #failed(failure: Failure): Failure | Promise<Failure> {
    const heavy = failure.type === 'silent' || failure.type === 'unreachable' || failure.type === 'too_large'
    if (heavy) pieceBytes = Math.max(PIECE_BYTES_MIN, pieceBytes / 2)
    const unknown = failure.type === 'server_fault' && failure.reason === 'report_unknown'
    return unknown ? askForLineage(this.#file, failure) : failure
  }
}

/** Only a verified receipt over our own hash ends a file: a captive portal's answer does not. */
async function takeOver(file: KeptFile, state: AttState): Promise<'complete' | Failure> {
  let proving = await provedComplete(state, file, await keySetInUse())
  if (proving.type === 'unknown_key' && (await refreshKeySet())) proving = await provedComplete(state, file, await keySetInUse())
  if (proving.type !== 'proved') return { type: 'unreachable', reason: 'no_valid_receipt' }
  const known = await setting<string>('incarnation')
  if (known !== undefined && proving.proof.receipt.incarnation !== known)
    return askForLineage(file, { type: 'server_fault', reason: 'other_lineage', afterS: 0 })
  await completeFile(file.attId, proving.proof)
  return 'complete'
}

/** The service may have been restored: its feed says so, and everything is then sent again, reports first. */
async function askForLineage(file: KeptFile, failure: Failure): Promise<Failure> {
  const report = (await allParcels()).find((each: Parcel) => each.itemId === file.itemId)
  if (report !== undefined) await pullFeed(report.deviceId)
  return failure
}

/** Raises FileLost when the bytes here are no longer those that were sealed. */
async function ownCopyHolds(file: KeptFile): Promise<void> {
  const { size, sha256 } = await digestOnDisk(file.attId)
  if (size !== file.size || !equal(sha256, file.sha256)) throw new FileLost()
}

async function noteSetback(file: KeptFile, failure: Failure, moved: boolean): Promise<void> {
  const floorS = 'afterS' in failure ? failure.afterS : 0
  const attempts = moved ? 0 : file.attempts
  const delay = failure.type === 'too_large' ? REFUSED_MS : delayMs(attempts, Math.random(), floorS)
  const lastError = failure.type === 'too_large' ? 'too_large' : failure.reason
  await changeFile(file.attId, isQueued, { attempts: attempts + 1, lastError, nextTryAt: Date.now() + delay })
}

function isQueued(now: KeptFile): boolean {
  return now.state === 'queued'
}

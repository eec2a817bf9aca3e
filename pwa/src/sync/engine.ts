/** Puts the parts to work behind the facade: one round at a time, whatever wakes it. */

import { toBase64url } from './bytes.ts'
import { feedsToAsk, forgetOpened, isFollowed, readCards, readSaid } from './cards.ts'
import { endOfLife } from './contact.ts'
import { enrol as enrolDevice, identity, keysLast } from './device.ts'
import { queryOf } from './directory.ts'
import { dropAllSealed } from './files-ahead.ts'
import { dueFiles, sendFiles } from './files-send.ts'
import { allKeys, fetchAgainWhatIsClosed } from './feed.ts'
import * as knocks from './knocks.ts'
import type { Notice } from './knocks-wire.ts'
import { leave } from './leave.ts'
import { call, running } from './outbox.ts'
import { allFiles } from './files-store.ts'
import { allParcels, allReceipts, parcel } from './parcels.ts'
import { proofFrom } from './proof.ts'
import { beginPreparing, forgetPrepared, holdPrepared, preparedKeys } from './prepared-code.ts'
import { drain, type Passed } from './pass.ts'
import { deriveReturn } from './return-code.ts'
import { LOCK_MS } from './protocol.generated.ts'
import * as mailbox from './return-mailbox.ts'
import { newCode } from './return-words.ts'
import { save } from './save.ts'
import { sayHere } from './say-more.ts'
import { listen, nextWakeMs, planTimer } from './schedule.ts'
import { settle } from './settle.ts'
import * as shell from './shell.ts'
import { cardsNow, deviceNow, note, saidNow, statusNow } from './status.ts'
import type {
  Answers,
  Centre,
  CodeForm,
  DeviceIdentity,
  DraftBody,
  Extras,
  MoreToSay,
  OutboxCard,
  Proof,
  ReceivingCentre,
  ReturnMailbox,
  SavedReport,
  Suggestion,
  TurnedOn,
} from './types.ts'
import { coreWake, type Wake } from './wake.ts'

const OUTBOX_FOLDER = '.waymark-outbox'
const BUSY_MS = 20_000
const WORD_MS = 86_400_000
const LOOK_MS = 3_600_000 // a page that stays open looks whether it is time to lock, too
const EVERY_FEED: ReadonlySet<Wake> = new Set(['start', 'online', 'visible', 'user'])

const otherTabs = 'BroadcastChannel' in globalThis ? new BroadcastChannel('waymark') : null
let sending: ReadonlySet<string> = new Set()
let round: Promise<void> | null = null
let unsettled = false // one store may hold what the other had no room for
let again: Wake | null = null
let started: Promise<void> | null = null
let passAtMs: number | null = null

export function start(): Promise<void> {
  started ??= begin()
  return started
}

async function begin(): Promise<void> {
  otherTabs?.addEventListener('message', () => void refresh())
  listen(wake)
  await loadStores()
  void shell.register(checkShell).then(installed, () => note({ offlineReady: false }))
  void knocks.readKnocks()
  wake('start')
}

async function installed(): Promise<void> {
  if (statusNow.value.queued > 0 || (await dueFiles(true)).length > 0) void shell.askForSync()
  await checkShell()
}

async function loadStores(): Promise<void> {
  try {
    deviceNow.value = await identity()
    note({ durable: await durableNow(), endOfLife: await endOfLife() })
    if (!(await keysLast())) note({ storageFault: 'keys_not_kept' })
    await fetchAgainWhatIsClosed()
    if (await outboxExists()) await settleStores()
  } catch (error) {
    deviceNow.value ??= { mode: 'visitor' }
    note({ storageFault: error instanceof Error ? error.name : 'unknown' })
  }
  await refresh()
}

export function warm(): void {
  void call('ready').then(
    () => note({ opfs: true }),
    () => note({ opfs: false }),
  )
}

/** Resolves once the code may be used. Raises CannotDerive: the report is then saved without one. */
export async function prepareReturnCode(form: CodeForm): Promise<string> {
  const begun = beginPreparing()
  const code = await newCode(form)
  holdPrepared({ code, derived: await deriveReturn(code) }, begun)
  return code
}

export async function finish(draft: DraftBody, extras: Extras): Promise<SavedReport> {
  const own = deviceNow.value ?? (await identity().catch(() => ({ mode: 'visitor' }) as const))
  // Begun before the tablet was taken out of service: nobody's words are lost for that. It is then a report like a phone's.
  const device = own.mode === 'centre' && own.outOfService !== null ? ({ mode: 'visitor' } as const) : own
  const kept = await save(draft, device, preparedKeys(extras.returnCode), extras.pictures)
  forgetPrepared()
  note({ opfs: kept.opfs, durable: kept.saved.durable, ...(kept.keysLast ? {} : { storageFault: 'keys_not_kept' }) })
  unsettled ||= kept.saved.stored !== 'both'
  if (kept.saved.stored === 'outbox-only') await settleStores()
  await changed()
  wake('finish')
  void shell.askForSync()
  return kept.saved
}

/** On the phone that made the report. Returns the message's id. Raises SaveFailed. */
export function sayMore(more: MoreToSay): Promise<string> {
  return sent(sayHere(more))
}

/** From an open mailbox. Raises SaveFailed or ReturnFailed. */
export function writeBack(more: MoreToSay): Promise<string> {
  return sent(mailbox.writeBack(more))
}

async function sent(saying: Promise<string>): Promise<string> {
  const itemId = await saying
  await changed()
  wake('finish')
  void shell.askForSync()
  return itemId
}

export function openReturn(code: string): Promise<ReturnMailbox> {
  return mailbox.openReturn(code)
}

export function lookAgain(): Promise<ReturnMailbox> {
  return mailbox.lookAgain()
}

export function closeReturn(): void {
  mailbox.closeReturn()
}

/** From the receipt that this device holds; null while there is none. */
export async function proofOf(itemId: string): Promise<Proof | null> {
  const kept = (await allReceipts()).find((each) => each.itemId === itemId)
  const sent = await parcel(itemId)
  return kept === undefined || sent === undefined ? null : proofFrom(kept, sent.sig)
}

export async function sendNow(): Promise<void> {
  await wake('user')
}

export async function exportQueue(): Promise<Blob> {
  const items = (await allParcels()).filter((parcel) => parcel.state === 'queued' || parcel.state === 'quarantined')
  const file = {
    format: 'waymark-sealed-queue/1',
    items: items.map(({ header, sealed, sha256, sig }) => ({
      header: toBase64url(header),
      sealed: toBase64url(sealed),
      sha256: toBase64url(sha256),
      sig: toBase64url(sig),
    })),
  }
  return new Blob([JSON.stringify(file)], { type: 'application/json' })
}

export async function enrol(code: string): Promise<{ centreName: string }> {
  const enrolment = await enrolDevice(code)
  deviceNow.value = await identity()
  otherTabs?.postMessage('changed')
  wake('start')
  return { centreName: enrolment.centreName }
}

/** Only what matters for finding help goes to the worker; the words stay here. */
export function suggestServices(answers: Answers, at: Date): Promise<readonly Suggestion[]> {
  const { where } = answers
  return call('suggest', queryOf(answers), (typeof where === 'object' && where?.postcode) || null, at)
}

export function directoryVersion(): Promise<string> {
  return call('directoryVersion')
}

export function centres(): Promise<readonly Centre[]> {
  return call('centres')
}

export function receivingCentre(postcode: string | null): Promise<ReceivingCentre> {
  return call('receivingCentre', postcode)
}

export async function wipe(): Promise<void> {
  forgetPrepared()
  closeReturn()
  cardsNow.value = []
  await Promise.all([dropAllSealed(), forgetSent()])
}

export async function forgetSent(): Promise<void> {
  forgetOpened()
  await leave()
  await knocks.readKnocks()
  shell.tellLeft()
  await changed()
}

export function turnOnKnocks(permission: NotificationPermission, notice: Notice): Promise<TurnedOn> {
  return knocks.turnOn(permission, notice)
}

export function turnOffKnocks(): Promise<void> {
  return knocks.turnOff()
}

export function applyUpdate(): Promise<void> {
  return shell.applyUpdate()
}

/** One round runs at a time; a wake-up during it asks for one more. */
function wake(reason: Wake): Promise<void> {
  if (round !== null) {
    again = again === 'user' ? again : reason
    return round
  }
  round = runRound(reason).finally(() => {
    round = null
    const next = again
    again = null
    if (next !== null) void wake(next)
  })
  return round
}

async function runRound(reason: Wake): Promise<void> {
  try {
    // What a full disk let into one store alone is sent once the other has it, and there may be room by now.
    if (unsettled) await settleStores()
    const passed = await runPass(reason)
    deviceNow.value = await identity()
    if (passed?.changed === true) await settleStores()
    await sendWaitingFiles(reason)
  } catch (error) {
    note({ storageFault: error instanceof Error ? error.name : 'unknown' })
  } finally {
    await changed()
    await plan()
    void knocks.keepUp().catch(() => undefined)
    if (!statusNow.value.offlineReady) void checkShell()
  }
}

async function runPass(reason: Wake): Promise<Passed | null> {
  const device = deviceNow.value
  const heartbeat = device?.mode === 'centre' && (reason === 'start' || wordIsDue(device)) ? device.deviceId : null
  passAtMs = Date.now() + BUSY_MS // should it end without a word, or another tab be at it
  const asked = { reason: await coreWake(reason), heartbeat, feeds: () => feedsOf(reason), byHand: reason === 'user' }
  const passed = await drain(asked, { sending: showSending })
  if (passed !== null) passAtMs = passed.wakeAtMs
  if (passed?.reached === true) note({ phase: 'idle', lastSuccessAt: new Date().toISOString(), endOfLife: await endOfLife() })
  else if (passed !== null) note({ phase: (await queueNow()) ? 'offline' : 'idle' })
  return passed
}

/** The service's word is fetched once a day, and by a locked tablet at every sign of a network. */
function wordIsDue({ outOfService, locksAt }: DeviceIdentity & { readonly mode: 'centre' }): boolean {
  return outOfService === null && (locksAt === null || locksAt - Date.now() < LOCK_MS - WORD_MS)
}

async function queueNow(): Promise<boolean> {
  return (await allParcels()).some((parcel) => parcel.state === 'queued')
}

function showSending(itemIds: readonly string[]): void {
  sending = new Set(itemIds)
  note({ phase: itemIds.length > 0 ? 'sending' : 'idle' })
  void refresh()
}

async function feedsOf(reason: Wake): Promise<readonly string[]> {
  if (!EVERY_FEED.has(reason)) return feedsToAsk(await readCards(sending), Date.now())
  return (await allKeys()).map((keys) => keys.deviceId).filter((id) => id !== 'probe')
}

/** After everything else: whoever finishes a report meanwhile need not wait for somebody's photos. */
async function sendWaitingFiles(reason: Wake): Promise<void> {
  if ((await allFiles()).length === 0) return
  const watch = { yields: () => again !== null, changed: () => void changed() }
  const sent = await sendFiles({ force: reason !== 'timer', ...watch })
  if (sent !== null && sent.completed > 0) note({ lastSuccessAt: new Date().toISOString() })
  const last = (sent?.completed ?? 0) > 0 && deviceNow.value?.mode === 'centre' && deviceNow.value.outOfService === 'sending'
  if (sent?.interrupted === true || last) again ??= 'timer'
}

async function plan(): Promise<void> {
  const files = await dueFiles(true)
  const unanswered = cardsNow.value.some((card) => card.state === 'sent' || card.state === 'attention')
  const at = Date.now()
  const followed = cardsNow.value.some((card) => isFollowed(card, at))
  const said = saidNow.value.at(-1)
  const spokeAt = said === undefined ? null : Date.parse(said.at)
  const passOrLook = deviceNow.value?.mode === 'centre' ? Math.min(passAtMs ?? Infinity, at + LOOK_MS) : passAtMs
  planTimer(nextWakeMs({ passAtMs: passOrLook, files, unanswered, followed, spokeAt, at, random: Math.random() }), wake)
}

async function settleStores(): Promise<void> {
  try {
    await settle()
    unsettled = false
    note({ opfs: true })
  } catch {
    unsettled = true
    note({ opfs: false })
  }
}

async function changed(): Promise<void> {
  await refresh()
  otherTabs?.postMessage('changed')
}

async function refresh(): Promise<void> {
  const fresh: readonly OutboxCard[] = await readCards(sending)
  cardsNow.value = fresh
  saidNow.value = await readSaid()
  const unsent: ReadonlySet<string> = new Set(['ready', 'sending', 'retrying'])
  note({ queued: fresh.filter((card) => unsent.has(card.state)).length })
}

async function checkShell(): Promise<void> {
  const [offlineReady, updateReady] = await Promise.all([shell.offlineReady(), shell.updateReady()])
  note({ offlineReady, updateReady })
}

/** Without starting the worker: a first visit must not pay for it. */
async function outboxExists(): Promise<boolean> {
  if (running()) return true
  try {
    await (await navigator.storage.getDirectory()).getDirectoryHandle(OUTBOX_FOLDER)
    return true
  } catch {
    return false
  }
}

async function durableNow(): Promise<boolean> {
  return (await navigator.storage?.persisted?.()) ?? false
}


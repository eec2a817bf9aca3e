/**
 * The one door between the screens and the outbox. It is small, so that it can be part of the first load;
 * sealing, SQLite and the wire are loaded when they are first needed.
 */

import type { ReadonlySignal } from '@preact/signals'
import type { Notice } from './knocks-wire.ts'
import { cardsNow, deviceNow, knocksNow, saidNow, statusNow } from './status.ts'
import { tellWorkerLeft } from './tell-worker.ts'
import type {
  Answers,
  Centre,
  CodeForm,
  Custody,
  DeviceIdentity,
  DraftBody,
  Extras,
  KnockState,
  MoreToSay,
  OutboxCard,
  PreparedPicture,
  Proof,
  ReceivingCentre,
  ReturnMailbox,
  SaidMore,
  SavedReport,
  Suggestion,
  SyncStatus,
  TurnedOn,
} from './types.ts'

export { forgetPrepared as forgetReturnCode } from './prepared-code.ts'
export { EnrolFailed, PictureFailed, ReturnFailed, SaveFailed } from './types.ts'
export type * from './types.ts'

/** Newest first. */
export const cards: ReadonlySignal<readonly OutboxCard[]> = cardsNow
/** Messages written from this device, in whatever way, as far as they have got. */
export const said: ReadonlySignal<readonly SaidMore[]> = saidNow
export const status: ReadonlySignal<SyncStatus> = statusNow
/** null until `start()` has looked. */
/** Whether this device is told of answers by a knock. */
export const knocks: ReadonlySignal<KnockState> = knocksNow
export const device: ReadonlySignal<DeviceIdentity | null> = deviceNow

const engine = () => import('./engine.ts')

/** Call once, after first paint. Registers the service worker, reads the stores, sends what waits. */
export async function start(): Promise<void> {
  await (await engine()).start()
}

/** Start the SQLite worker before it is needed: about a second on a cheap phone. */
export function warm(): void {
  void engine().then((it) => it.warm())
}

/** Seal once, keep twice, read both back. Raises SaveFailed; the answers then stay with the caller. */
export async function finish(draft: DraftBody, extras: Extras = {}): Promise<SavedReport> {
  return (await engine()).finish(draft, extras)
}

/** Draw it anew, so that nothing but the picture goes along; or leave it as it is. Raises PictureFailed. */
export async function preparePicture(file: File, keepDetails: boolean): Promise<PreparedPicture> {
  return (await import('./pictures.ts')).preparePicture(file, keepDetails)
}

/** A prepared picture that will not go along after all. One that went along is not touched. */
export async function dropPicture(picture: PreparedPicture): Promise<void> {
  await (await import('./pictures.ts')).dropPicture(picture)
}

/** Null where this browser cannot tell one kind of link from another. */
export async function wifiOnly(): Promise<boolean | null> {
  const { tellsLinks, wifiOnly } = await import('./files-rest.ts')
  return tellsLinks() ? wifiOnly() : null
}

/** Large files wait for Wi-Fi from now on, or no longer. */
export async function setWifiOnly(only: boolean): Promise<void> {
  await (await import('./files-rest.ts')).setWifiOnly(only)
  await (await engine()).sendNow()
}

/** A return code for the report in progress, once its keys are made: seconds on a cheap phone, so call it early.
 * Rejects where they cannot be made; the report is then saved without a code. */
export async function prepareReturnCode(form: CodeForm): Promise<string> {
  return (await engine()).prepareReturnCode(form)
}

/** Write about a report made on this phone. Returns the message's id. Raises SaveFailed. */
export async function sayMore(more: MoreToSay): Promise<string> {
  return (await engine()).sayMore(more)
}

/** Open a report's mailbox on any device. `code` as `readCode` gives it. Raises ReturnFailed. */
export async function openReturn(code: string): Promise<ReturnMailbox> {
  return (await engine()).openReturn(code)
}

/** The open mailbox as it is now. Raises ReturnFailed. */
export async function lookAgain(): Promise<ReturnMailbox> {
  return (await engine()).lookAgain()
}

/** Write from the open mailbox. Raises SaveFailed or ReturnFailed. */
export async function writeBack(more: MoreToSay): Promise<string> {
  return (await engine()).writeBack(more)
}

/** Forget the open mailbox and its keys. */
export async function closeReturn(): Promise<void> {
  ;(await engine()).closeReturn()
}

/** Proof of a report made on this device; null until it was received. */
export async function proofOf(itemId: string): Promise<Proof | null> {
  return (await engine()).proofOf(itemId)
}

/** The reporter's own button: resets every delay. */
export async function sendNow(): Promise<void> {
  await (await engine()).sendNow()
}

/** A file of everything sealed that is still on the device; it is unreadable to who carries it. */
export async function exportQueue(): Promise<Blob> {
  return (await engine()).exportQueue()
}

/** What this device answers for, and how it stands. */
export async function custody(): Promise<Custody> {
  return (await import('./custody.ts')).readCustody(cardsNow.value)
}

/** Make this device one of a centre's. Raises EnrolFailed. */
export async function enrol(code: string): Promise<{ centreName: string }> {
  return (await engine()).enrol(code)
}

/** At most five services, best first, from the directory on the device. */
export async function suggestServices(answers: Answers, at: Date): Promise<readonly Suggestion[]> {
  return (await engine()).suggestServices(answers, at)
}

/** Version of the directory on the device, recorded with what was shown. */
export async function directoryVersion(): Promise<string> {
  return (await engine()).directoryVersion()
}

export async function centres(): Promise<readonly Centre[]> {
  return (await engine()).centres()
}

export async function receivingCentre(postcode: string | null): Promise<ReceivingCentre> {
  return (await engine()).receivingCentre(postcode)
}

/** Sent reports leave this device's list, with their answers and the keys to them. Nothing else that is here does. */
export async function forgetSent(): Promise<void> {
  await (await engine()).forgetSent()
}

/** Leaving: forget keys and feed of what has its receipt. Never an unsent report, nor its keys. */
export async function wipe(): Promise<void> {
  tellWorkerLeft() // at once: the page may be gone before the rest is done
  await (await engine()).wipe()
}

/**
 * Ask for permission and subscribe. Only from the click of somebody who has read what it means: the question is
 * asked before anything is loaded, as some browsers ask nothing later. `notice`: the words of every notice.
 */
export async function turnOnKnocks(notice: Notice): Promise<TurnedOn> {
  if (!('Notification' in globalThis)) return 'unsupported'
  const permission = await Notification.requestPermission()
  return (await engine()).turnOnKnocks(permission, notice)
}

export async function turnOffKnocks(): Promise<void> {
  await (await engine()).turnOffKnocks()
}

/** Take the waiting version and reload. Only from a screen that holds no answers. */
export async function applyUpdate(): Promise<void> {
  await (await engine()).applyUpdate()
}

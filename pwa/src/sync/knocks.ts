/**
 * Turning knocks on and off, from a page. Permission is asked for by the facade, from a click alone; by the
 * time this is loaded the person has answered.
 */

import { end, keepKnocks, keptKnocks, type Notice, placeOf, register, serviceKey } from './knocks-wire.ts'
import { ready } from './shell.ts'
import { knocksNow } from './status.ts'
import type { KnockState, TurnedOn } from './types.ts'

const SUBSCRIBE_MS_MAX = 20_000 // the browser asks its push service, which may never answer

/** Read again what this browser and this device say. Never asks anybody. */
export async function readKnocks(): Promise<void> {
  knocksNow.value = await state()
}

async function state(): Promise<KnockState> {
  if (!('serviceWorker' in navigator) || !('PushManager' in globalThis) || !('Notification' in globalThis)) return 'unsupported'
  if (Notification.permission === 'denied') return 'denied'
  const on = Notification.permission === 'granted' && (await keptKnocks()) !== null
  return on ? 'on' : 'off'
}

export async function turnOn(permission: NotificationPermission, notice: Notice): Promise<TurnedOn> {
  const turned = permission === 'granted' ? await subscribe(notice) : permission === 'denied' ? 'denied' : 'not_now'
  await readKnocks()
  return turned
}

async function subscribe(notice: Notice): Promise<TurnedOn> {
  const [registration, key] = [await ready(), await serviceKey()]
  if (registration === null || key === null) return 'no_connection'
  const subscription = await inTime(subscribed(registration.pushManager, key))
  const place = subscription === null ? null : placeOf(subscription)
  if (place === null) return 'no_connection'
  await keepKnocks({ place, notice, feeds: [] })
  if ((await register()) !== 'refused') return 'on'
  await forget()
  return 'not_here'
}

/** A subscription to another key, of an earlier installation perhaps, makes place. */
async function subscribed(manager: PushManager, applicationServerKey: Uint8Array<ArrayBuffer>): Promise<PushSubscription> {
  const options = { userVisibleOnly: true, applicationServerKey }
  try {
    return await manager.subscribe(options)
  } catch (error) {
    if (!(error instanceof DOMException) || error.name !== 'InvalidStateError') throw error
    await (await manager.getSubscription())?.unsubscribe()
    return manager.subscribe(options)
  }
}

function inTime(asked: Promise<PushSubscription>): Promise<PushSubscription | null> {
  const late = new Promise<null>((resolve) => setTimeout(() => resolve(null), SUBSCRIBE_MS_MAX))
  return Promise.race([asked, late]).catch(() => null)
}

export async function turnOff(): Promise<void> {
  await end()
  await forget()
  await readKnocks()
}

/** Here first: from now on nothing is shown, whoever still knocks. */
async function forget(): Promise<void> {
  await keepKnocks(null)
  await (await (await ready())?.pushManager.getSubscription())?.unsubscribe()
}

/** After each round: feeds that have come into being since. */
export async function keepUp(): Promise<void> {
  if (knocksNow.value === 'on') await register()
}

/**
 * Large files may wait for Wi-Fi: the person's choice, kept on this device. Where the browser does not say what kind
 * of link it has, the choice is not offered and nothing waits.
 */

import { keepSetting, type KeptFile, setting } from './parcels.ts'

const KEY = 'wifi_only'
const LARGE_BYTES = 1_048_576
export const REST_MS = 15 * 60_000
export const WAITS = 'waits_for_wifi'

type Link = EventTarget & { readonly type?: string; readonly saveData?: boolean }

/** Undefined where the browser does not tell. */
function link(): Link | undefined {
  return (navigator as unknown as { readonly connection?: Link }).connection
}

export function tellsLinks(): boolean {
  return link()?.type !== undefined
}

export async function wifiOnly(): Promise<boolean> {
  return tellsLinks() && (await setting<boolean>(KEY)) === true
}

export function setWifiOnly(only: boolean): Promise<void> {
  return keepSetting(KEY, only)
}

/** Asked before each large file and between two pieces of it: a phone changes its link on the way. */
export async function rests({ size }: Pick<KeptFile, 'size'>): Promise<boolean> {
  return size > LARGE_BYTES && link()?.type === 'cellular' && (await wifiOnly())
}

export function onLinkChange(changed: () => void): void {
  const told = link()
  if (typeof told?.addEventListener === 'function') told.addEventListener('change', changed)
}

/**
 * The only script addresses that this app may start. The content security policy allows one Trusted
 * Types policy, and this is it: an address that is not on the list is refused.
 */

import outboxWorker from './outbox.worker.ts?worker&url'
import returnCodeWorker from './return-code.worker.ts?worker&url'

/** What the browser's Trusted Types give back; a plain string where there are none. */
type ScriptAddress = string

type Policies = {
  createPolicy(name: string, rules: { createScriptURL(address: string): string }): {
    createScriptURL(address: string): ScriptAddress
  }
}

export const SERVICE_WORKER = '/sw.js'
export const OUTBOX_WORKER: string = outboxWorker
export const RETURN_CODE_WORKER: string = returnCodeWorker

const ALLOWED: ReadonlySet<string> = new Set([SERVICE_WORKER, OUTBOX_WORKER, RETURN_CODE_WORKER])

const policies = (globalThis as { readonly trustedTypes?: Policies }).trustedTypes
const policy = policies?.createPolicy('waymark-workers', { createScriptURL: allowed })

export function scriptAddress(address: string): ScriptAddress {
  return policy?.createScriptURL(address) ?? allowed(address)
}

function allowed(address: string): string {
  if (!ALLOWED.has(address)) throw new TypeError('not a script of this app')
  return address
}

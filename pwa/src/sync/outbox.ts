/**
 * The page's side of the SQLite worker. The worker and the wasm behind it start at the first call, never
 * at first paint.
 */

import type { Commands, CommandName } from './outbox.worker.ts'
import { OUTBOX_WORKER, scriptAddress } from './trusted-urls.ts'

const ANSWER_MS_MAX = 20_000 // a cold start took 1.1 s at 0.4 of a core; beyond this the worker is gone
const FILE_MS_MAX = 240_000 // 50 MB are sealed, written and read back
const SLOW: ReadonlySet<CommandName> = new Set(['keepFile', 'encodePicture'])

type Call = { readonly resolve: (value: never) => void; readonly reject: (error: Error) => void }
type Answer = { readonly n: number; readonly ok?: never; readonly error?: string }

/** The store behind the worker does not work here: no OPFS, no space, or the worker could not load. */
export class OutboxUnavailable extends Error {
  override readonly name = 'OutboxUnavailable'
}

let worker: Worker | null = null
let counter = 0
const waiting = new Map<number, Call>()

export function call<Name extends CommandName>(
  name: Name,
  ...args: Parameters<Commands[Name]>
): Promise<Awaited<ReturnType<Commands[Name]>>> {
  const n = ++counter
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => settle({ n, error: 'timeout' }), SLOW.has(name) ? FILE_MS_MAX : ANSWER_MS_MAX)
    const done = () => clearTimeout(timer)
    waiting.set(n, {
      resolve: (value) => (done(), resolve(value)),
      reject: (error) => (done(), reject(error)),
    })
    try {
      started().postMessage({ n, name, args })
    } catch (error) {
      settle({ n, error: String(error) })
    }
  })
}

export function running(): boolean {
  return worker !== null
}

function started(): Worker {
  if (worker !== null) return worker
  const fresh = new Worker(scriptAddress(OUTBOX_WORKER), { type: 'module' })
  fresh.onmessage = (event: MessageEvent<Answer>) => settle(event.data)
  fresh.onerror = () => {
    // It did not load, for want of network on a first visit perhaps: the next call starts a new one.
    worker = null
    for (const n of waiting.keys()) settle({ n, error: 'worker' })
  }
  worker = fresh
  return fresh
}

function settle(answer: Answer): void {
  const call = waiting.get(answer.n)
  waiting.delete(answer.n)
  if (answer.error === undefined) call?.resolve(answer.ok as never)
  else call?.reject(new OutboxUnavailable(answer.error))
}

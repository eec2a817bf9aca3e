/** A thread for one return code: it holds 64 MiB and the code, and is ended as soon as it has answered. */

import { stretch } from './stretch.ts'

export type Stretching = { readonly code: string; readonly salt: Uint8Array }

globalThis.onmessage = async (event: MessageEvent<Stretching>) => {
  const { code, salt } = event.data
  try {
    globalThis.postMessage({ hash: await stretch(code, salt) })
  } catch (error) {
    globalThis.postMessage({ error: error instanceof Error ? error.name : 'unknown' })
  }
}

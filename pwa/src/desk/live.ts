/**
 * News by an event stream. It says only that something changed, and how many reports wait; what changed is
 * then asked for. Where no stream can be had, the caller goes on to look by itself.
 */

import { signal } from '@preact/signals'
import type { ReadonlySignal } from '@preact/signals'
import { currentUser } from './api.ts'
import { readNews } from './shapes.ts'
import type { Counts } from './shapes.ts'

const open = signal(false)
/** A stream is open: nobody needs to look by themselves. */
export const isLive: ReadonlySignal<boolean> = open

/** Listen until the returned function is called. */
export function listen(heard: (counts: Counts) => void): () => void {
  const stream = new EventSource('/desk/api/live')
  const stop = () => {
    stream.close()
    open.value = false
  }
  stream.addEventListener('open', () => (open.value = true))
  stream.addEventListener('reports', (event: MessageEvent<string>) => {
    const counts = countsIn(event.data)
    if (counts !== null) heard(counts)
  })
  // The browser would come back for a session that is over; one question to the server shows the login page.
  stream.addEventListener('ended', () => {
    stop()
    void currentUser().catch(() => undefined)
  })
  // The browser tries again by itself, unless the server refused; until then the caller looks.
  stream.addEventListener('error', () => (open.value = false))
  return stop
}

function countsIn(data: string): Counts | null {
  try {
    return readNews(JSON.parse(data), 'news').counts
  } catch {
    return null
  }
}

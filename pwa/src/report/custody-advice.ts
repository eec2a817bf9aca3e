/** What is to be done about this device, most pressing first. */

import type { Custody } from '../sync/index.ts'

export type Advice = 'person' | 'missing' | 'send' | 'again' | 'may_go' | 'room' | 'nothing' | 'none'

const ROOM_LITTLE_BYTES = 200 * 1024 * 1024 // one report with its files may take 150 MB

/** `durable` null: the browser has not been asked. */
export function adviceFor(custody: Custody, durable: boolean | null): readonly Advice[] {
  const has = (state: string) => custody.items.some((each) => each.state === state)
  const unsent = has('waits') || has('again') || custody.items.some((each) => each.filesWaiting > 0)
  const found: Advice[] = []
  if (has('person')) found.push('person')
  if (custody.missing > 0) found.push('missing')
  if (has('again')) found.push('again')
  if (unsent) found.push('send')
  if (unsent && durable === false) found.push('may_go')
  if (custody.roomBytes !== null && custody.roomBytes < ROOM_LITTLE_BYTES) found.push('room')
  if (found.length > 0) return found
  return [custody.items.length + custody.safe === 0 ? 'none' : 'nothing']
}

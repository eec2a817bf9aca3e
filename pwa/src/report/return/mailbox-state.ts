/** How far a report has got, from what its mailbox holds. */

import type { FeedMessage } from '../../sync/index.ts'
import { CLOSED_CODE } from '../../sync/protocol.generated.ts'

export type Stage = 'received' | 'read' | 'question' | 'decided' | 'closed'

/** `answered`: ids of questions that were answered from this page; of others nothing is known here. */
export function stageOf(messages: readonly FeedMessage[], answered: ReadonlySet<string>): Stage {
  const decision = messages.filter((message) => message.kind === 'status').at(-1)
  const last = messages.filter((message) => message.kind === 'message' || message.kind === 'status').at(-1)
  if (last?.asks === true && !answered.has(last.id)) return 'question'
  if (decision?.code.startsWith(CLOSED_CODE) === true) return 'closed'
  if (decision !== undefined) return 'decided'
  return messages.some((message) => message.kind === 'ack') ? 'read' : 'received'
}

/** Who has read it, by the name that they give themselves. */
export function readBy(messages: readonly FeedMessage[]): string {
  return messages.filter((message) => message.kind === 'ack').at(-1)?.fromName ?? ''
}

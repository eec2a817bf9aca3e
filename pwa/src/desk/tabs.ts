/** What the tabs of one browser tell each other. No words, no report: who is here, and who no longer is. */

export type Told =
  /** Somebody touched a page. `at`: milliseconds. */
  | { readonly type: 'touched'; readonly at: number }
  | { readonly type: 'locked' }
  /** Whoever was here has left. */
  | { readonly type: 'left' }
  /** Somebody has logged in or unlocked. */
  | { readonly type: 'entered'; readonly person: string }

const channel = 'BroadcastChannel' in globalThis ? new BroadcastChannel('desk') : null

export const tellTabs = (told: Told): void => channel?.postMessage(told)

export function whenTold(hear: (told: Told) => void): void {
  channel?.addEventListener('message', (event: MessageEvent<Told>) => hear(event.data))
}

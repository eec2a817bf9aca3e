/** What can be done with a report: the server's name of each act, and its place in addresses. */

export const ACTS = {
  accept_report: 'accept',
  send_back_report: 'send-back',
  acknowledge_report: 'acknowledge',
  take_report: 'take',
  mark_reply_read: 'reply-read',
  ask_reporter: 'ask',
  update_reporter: 'update',
  decide_report: 'decide',
  signpost: 'signpost',
  forward_report: 'forward',
  reopen_report: 'reopen',
  close_report: 'close',
  narrow_release: 'narrow',
  override_release: 'override',
  end_override: 'end-override',
  unmask: 'unmask',
  keep_report: 'keep',
  hold_report: 'hold',
  lift_hold: 'lift-hold',
  erase_report: 'erasure',
  confirm_erasure: 'confirm-erasure',
} as const
/** In the order in which they are offered. */
export type ActName = keyof typeof ACTS
/** About who may see the report, rather than about what becomes of it. */
export type ReleaseAct = 'narrow_release' | 'override_release' | 'end_override' | 'unmask'
/** About how long the report is kept. */
export type KeepAct = 'keep_report' | 'hold_report' | 'lift_hold' | 'erase_report' | 'confirm_erasure'
export const ACT_NAMES = Object.keys(ACTS) as readonly ActName[]

export const ACT_OF_PATH: ReadonlyMap<string, ActName> = new Map(ACT_NAMES.map((act) => [ACTS[act], act]))

type Offered = { readonly acts: readonly string[]; readonly decided: string | null }

/** Only what the server offers. An act that a newer server adds is not shown. */
export const offeredActs = ({ acts }: Offered): readonly ActName[] => ACT_NAMES.filter((act) => acts.includes(act))

/** The one that this report most likely waits for. */
export function nextAct(report: Offered): ActName | null {
  const order: readonly (ActName | false)[] = [
    'accept_report',
    'acknowledge_report',
    'take_report',
    'mark_reply_read',
    report.decided === null && 'decide_report',
    report.decided !== null && 'close_report',
    'reopen_report',
  ]
  return order.find((act): act is ActName => act !== false && report.acts.includes(act)) ?? null
}

/**
 * What an HTTP status means for a request, and how long to wait before the next. What becomes of each report
 * is the core's to decide.
 */

const DELAY_FIRST_MS = 2_000
const DELAY_MS_MAX = 15 * 60_000

/** Full jitter: `random` is in [0, 1). A server's `floorS` is kept, plus up to a fifth. */
export function delayMs(attempts: number, random: number, floorS = 0): number {
  const ceiling = Math.min(DELAY_MS_MAX, DELAY_FIRST_MS * 2 ** Math.min(attempts, 20))
  const floor = floorS * 1_000
  return Math.round(Math.max(random * ceiling, floor * (1 + random / 5)))
}

export type Failure =
  | { readonly type: 'too_large' }
  | { readonly type: 'server_fault'; readonly reason: string; readonly afterS: number }
  | { readonly type: 'later'; readonly reason: string; readonly afterS: number }
  | { readonly type: 'silent'; readonly reason: string }
  | { readonly type: 'unreachable'; readonly reason: string }

/** What an HTTP status means for the whole request; null for 200, whose body is read. */
export function failureOf(status: number, headers: Pick<Headers, 'get'>): Failure | null {
  const afterS = retryAfterS(headers)
  if (status === 200) return null
  if (status === 413) return { type: 'too_large' }
  if (status === 429 || status === 503 || status === 507) return { type: 'later', reason: `http_${status}`, afterS }
  if (status === 502 || status === 504) return { type: 'silent', reason: `http_${status}` }
  if (status >= 500) return { type: 'server_fault', reason: `http_${status}`, afterS }
  // 400 for the frame is a bug on one side; anything else did not come from the service.
  return status === 400
    ? { type: 'server_fault', reason: 'http_400', afterS }
    : { type: 'unreachable', reason: `http_${status}` }
}

/** The finer of the two that can be read; never a date, which would need the device's clock. */
function retryAfterS(headers: Pick<Headers, 'get'>): number {
  for (const [name, ofASecond] of [['waymark-retry-ms', 1_000], ['retry-after', 1]] as const) {
    const value = headers.get(name) ?? ''
    if (/^[0-9]+$/.test(value)) return Math.min(Number(value) / ofASecond, 86_400)
  }
  return 0
}

/** Another request in this pass would meet the same silence or the same refusal. */
export function endsPass(failure: Failure): boolean {
  return failure.type === 'unreachable' || failure.type === 'silent' || failure.type === 'later'
}

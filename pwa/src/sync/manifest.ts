/** Ask which of the reports that this device retains the service does not hold. */

import type { Failure, SendManifest } from './core-parts.ts'
import { bodyOf, post } from './http.ts'
import type { ManifestResponse } from './protocol.generated.ts'
import { believed } from './push.ts'
import { manifestResponse, toMsgpack } from './wire.ts'

export async function askManifest(request: SendManifest): Promise<{ readonly response: ManifestResponse } | { readonly failure: Failure }> {
  const { deviceId, retained, seen } = request
  const asked = { v: 1, device_id: deviceId, incarnation_seen: seen, retained }
  return believed(bodyOf(await post('/sync/v1/manifest', toMsgpack(asked))), manifestResponse)
}

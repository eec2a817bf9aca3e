/** From the check page to a sealed report: gathers what goes inside, and gives the answers up only on success. */

import { language } from '../i18n/index.ts'
import { directoryVersion, finish, SaveFailed, type SaveFailedCode, type ServiceSuggestion, suggestServices } from '../sync/index.ts'
import { version as POLICY_VERSION } from '../../../sync/waymark_sync/policy/demo.json'
import { canonical } from './canonical.ts'
import { ukPostcode } from './contact.ts'
import { filled, finished, startedAt } from './flow.ts'
import { codesIn, FORM_VERSION, textIn } from './graph.ts'
import { centre, findCentre } from './receiving.ts'

const HELP_MS_MAX = 3_000 // help is worth a moment; a report is never held up by it

type Help = { readonly services: readonly ServiceSuggestion[]; readonly version: string }

/** The code of a failure, with the answers untouched; null when the report is saved. */
export async function finishReport(): Promise<SaveFailedCode | 'unknown' | null> {
  try {
    if (centre.peek() === null) await findCentre()
    const receiver = centre.peek()
    if (receiver === null) return 'not_loaded'
    const help = await helpInTime()
    const saved = await finish({
      form_version: FORM_VERSION,
      policy_version: POLICY_VERSION,
      centre_id: receiver.id,
      ui_language: language().code,
      started_at: startedAt.peek(),
      completed_at: new Date().toISOString(),
      answers: canonical(filled.peek()),
      signposts_shown: help.services.map((service) => service.id),
      directory_version: help.version,
    })
    finished({ saved, centreName: receiver.name, services: help.services })
    return null
  } catch (error) {
    return error instanceof SaveFailed ? error.code : 'unknown'
  }
}

function helpInTime(): Promise<Help> {
  const none: Help = { services: [], version: '' }
  const late = new Promise<Help>((resolve) => setTimeout(() => resolve(none), HELP_MS_MAX))
  return Promise.race([help(), late]).catch(() => none)
}

/** Looked up on the device: no request tells anybody what it was about. */
async function help(): Promise<Help> {
  const now = filled.peek()
  const [services, version] = await Promise.all([
    suggestServices({
      strands: codesIn(now, 'strands'),
      subStrands: codesIn(now, 'sub_strands'),
      postcode: ukPostcode(textIn(now, 'postcode')),
      now: new Date(),
    }),
    directoryVersion(),
  ])
  return { services, version }
}

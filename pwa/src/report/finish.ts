/** From the check page to a sealed report: gathers what goes inside, and gives the answers up only on success. */

import { language } from '../i18n/index.ts'
import { type Answers, directoryVersion, finish, SaveFailed, type SaveFailedCode, status, type Suggestion, suggestServices } from '../sync/index.ts'
import { version as POLICY_VERSION } from '../../../sync/waymark_sync/policy/demo.json'
import { canonical } from './canonical.ts'
import { codeInTime } from './code.ts'
import { filled, finished, startedAt } from './flow.ts'
import { FORM_VERSION } from './graph.ts'
import { type Fetched, saved as savedPage } from './pages.ts'
import { picturesInTime } from './photos.ts'
import { centre, findCentre } from './receiving.ts'

const GRAVE: readonly string[] = ['threat_to_kill', 'weapon', 'arson', 'following_stalking', 'sexual_assault']
const HELP_MS_MAX = 3_000 // help is worth a moment; a report is never held up by it

type Help = { readonly services: readonly Suggestion[]; readonly version: string }

/** The code of a failure, with the answers untouched; null when the report is saved. */
export async function finishReport(withPictures = true): Promise<SaveFailedCode | 'unknown' | null> {
  try {
    if (centre.peek() === null) await findCentre()
    const receiver = centre.peek()
    if (receiver === null && status.peek().storageFault !== null) return 'no_storage'
    // Without the page that says what became of it, nobody would know that it is saved.
    if (receiver === null || !(await isHere(savedPage))) return 'not_loaded'
    const [answers, at] = [canonical(filled.peek()), new Date()]
    const [help, code, pictures] = await Promise.all([helpInTime(answers, at), codeInTime(), withPictures ? picturesInTime() : []])
    if (pictures === null) return 'pictures_unreadable'
    const draft = {
      form_version: FORM_VERSION,
      policy_version: POLICY_VERSION,
      centre_id: receiver.id,
      ui_language: language().code,
      started_at: startedAt.peek(),
      completed_at: at.toISOString(),
      answers,
      signposts_shown: help.services.map(({ service }) => service.id),
      directory_version: help.version,
    }
    const saved = await finish(draft, { pictures, ...(code !== null && { returnCode: code }) })
    const returnCode = saved.returnable ? code : null
    finished({ saved, centreName: receiver.name, services: help.services, danger: mayBeInDanger(answers), returnCode })
    return null
  } catch (error) {
    return error instanceof SaveFailed ? error.code : 'unknown'
  }
}

function isHere<Props>(page: Fetched<Props>): Promise<boolean> {
  return page.fetch().then(
    () => true,
    () => false,
  )
}

/** Said by kind alone; nobody reads the words. Safety is not asked about in this form. */
function mayBeInDanger({ event_types: kinds, when }: Answers): boolean {
  const grave = Array.isArray(kinds) && kinds.some((kind) => GRAVE.includes(kind))
  return grave || when.precision === 'ongoing'
}

function helpInTime(answers: Answers, at: Date): Promise<Help> {
  const none: Help = { services: [], version: '' }
  const late = new Promise<Help>((resolve) => setTimeout(() => resolve(none), HELP_MS_MAX))
  return Promise.race([help(answers, at), late]).catch(() => none)
}

/** Looked up on the device: no request tells anybody what it was about. */
async function help(answers: Answers, at: Date): Promise<Help> {
  const [services, version] = await Promise.all([suggestServices(answers, at), directoryVersion()])
  return { services, version }
}

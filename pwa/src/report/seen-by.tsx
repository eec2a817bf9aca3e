import { isKey, type MessageKey, t } from '../i18n/index.ts'
import { filled } from './flow.ts'
import { textIn } from './graph.ts'
import { centreName } from './receiving.ts'

/** Who will see this, on every page, following the choice at once. */
export function SeenBy() {
  const key = `seen.${textIn(filled.value, 'sharing_choice')}`
  const known: MessageKey = isKey(key) ? key : 'seen.none'
  return <p class="wm-seen">{t(known, { centre: centreName() })}</p>
}

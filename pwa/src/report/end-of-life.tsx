import { dateTime, t } from '../i18n/index.ts'
import type { EndOfLife } from '../sync/index.ts'
import { InsetText } from '../ui/notices.tsx'

/** For volunteers: quiet, because nothing that is saved here depends on it. */
export function EndOfLifeNotice({ told }: { readonly told: EndOfLife }) {
  return <InsetText>{endOfLifeText(told)}</InsetText>
}

export function endOfLifeText({ level, on }: EndOfLife): string {
  return t(`app.${level}`, { when: dateTime(new Date(`${on}T12:00:00`), false) })
}

import { english, language, type MessageKey, t, type Values } from '../i18n/index.ts'

type BothProps = { readonly k: MessageKey; readonly values?: Values }

/**
 * A text about consent or danger. Beside a language that no person has checked stands the English, because
 * a wrong word here could hurt somebody.
 */
export function Both({ k, values = {} }: BothProps) {
  if (language().checked) return <>{t(k, values)}</>
  return (
    <span class="wm-beside">
      <span>{t(k, values)}</span>
      <span class="wm-beside__english" lang="en" dir="ltr">
        {english(k, values)}
      </span>
    </span>
  )
}

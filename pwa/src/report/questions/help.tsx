import { t, tCode } from '../../i18n/index.ts'
import { Checkboxes } from '../../ui/checkboxes.tsx'
import { Select } from '../../ui/select.tsx'
import { answer, filled } from '../flow.ts'
import { codesIn, fieldOf, optionsOf, textIn } from '../graph.ts'
import { errorOf } from '../words.ts'
import { Asked } from './parts.tsx'
import type { QuestionProps } from './question.tsx'

const NEEDS = fieldOf('support_needs')
const LANGUAGE = fieldOf('preferred_language')

/** Orders the services at the end; it is no request to anybody. */
export function SupportNeedsQuestion({ errors }: QuestionProps) {
  return (
    <Asked
      field="support_needs"
      legend={t('support_needs.legend')}
      hint={t('support_needs.hint')}
      errors={errors}
      why={<p class="govuk-body">{t('support_needs.why')}</p>}
    >
      <Checkboxes
        name="support_needs"
        values={codesIn(filled.value, 'support_needs')}
        onChange={(codes) => answer({ support_needs: codes })}
        options={optionsOf(NEEDS).map((value) => ({
          value,
          label: tCode('need', value),
          ...(NEEDS.exclusive?.includes(value) && { exclusive: true, divider: t('nav.or') }),
        }))}
      />
    </Asked>
  )
}

/** Each language by its own name, so that it can be found by who reads no other. */
export function LanguageQuestion({ errors }: QuestionProps) {
  return (
    <Select
      id="preferred_language"
      label={t('preferred_language.label')}
      hint={t('preferred_language.hint')}
      heading
      value={textIn(filled.value, 'preferred_language')}
      onChange={(value) => answer({ preferred_language: value })}
      options={[
        { value: '', label: t('preferred_language.none') },
        ...optionsOf(LANGUAGE).map((value) => ({ value, label: tCode('language', value) })),
      ]}
      error={errorOf(errors, 'preferred_language')}
      errorPrefix={t('nav.error_prefix')}
    />
  )
}

import { t } from '../../i18n/index.ts'
import { Textarea } from '../../ui/textarea.tsx'
import { answer, filled } from '../flow.ts'
import { typedIn } from '../graph.ts'
import { errorOf } from '../words.ts'
import { Line } from './parts.tsx'
import type { QuestionProps } from './question.tsx'

export function PlaceQuestion({ errors }: QuestionProps) {
  return (
    <>
      <h1 class="govuk-heading-l" tabIndex={-1}>
        {t('place.heading')}
      </h1>
      <p class="govuk-body">{t('place.why')}</p>
      <Line field="postcode" errors={errors} width={10} />
      <Textarea
        id="place_text"
        label={t('place_text.label')}
        hint={t('place_text.hint')}
        rows={3}
        value={typedIn(filled.value, 'place_text')}
        onInput={(text) => answer({ place_text: text })}
        error={errorOf(errors, 'place_text')}
        errorPrefix={t('nav.error_prefix')}
      />
    </>
  )
}

export function NameQuestion({ errors }: QuestionProps) {
  return <Line field="name_known_as" errors={errors} heading width={20} />
}

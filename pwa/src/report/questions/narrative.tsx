import { t } from '../../i18n/index.ts'
import { Details } from '../../ui/details.tsx'
import { Textarea } from '../../ui/textarea.tsx'
import { answer, filled } from '../flow.ts'
import { fieldOf, typedIn } from '../graph.ts'
import { errorOf } from '../words.ts'
import type { QuestionProps } from './question.tsx'

const FIELD = 'narrative_original'
const MAX = fieldOf('narrative', FIELD).max ?? 0

export function NarrativeQuestion({ errors }: QuestionProps) {
  return (
    <Textarea
      id={FIELD}
      heading
      label={t('narrative_original.label')}
      hint={t('narrative_original.hint')}
      before={
        <Details summary={t('narrative_original.help')}>
          <p class="govuk-body">{t('narrative_original.help_text')}</p>
        </Details>
      }
      rows={8}
      value={typedIn(filled.value, FIELD)}
      onInput={(text) => answer({ [FIELD]: text })}
      error={errorOf(errors, FIELD)}
      errorPrefix={t('nav.error_prefix')}
      count={{ max: MAX, message: lettersLeft }}
    />
  )
}

function lettersLeft(left: number): string {
  return left < 0 ? t('narrative_original.over', { count: -left }) : t('narrative_original.left', { count: left })
}

import { t, tCode } from '../../i18n/index.ts'
import { Checkboxes } from '../../ui/checkboxes.tsx'
import { Fieldset, Hint } from '../../ui/field.tsx'
import { answer, filled } from '../flow.ts'
import { codesIn, fieldOf, optionsOf, SUB_STRANDS } from '../graph.ts'
import { Asked } from './parts.tsx'
import type { QuestionProps } from './question.tsx'

export function StrandsQuestion({ errors }: QuestionProps) {
  const field = fieldOf('strands')
  return (
    <Asked
      field="strands"
      legend={t('strands.legend')}
      hint={t('strands.hint')}
      errors={errors}
      why={<p class="govuk-body">{t('strands.why')}</p>}
    >
      <Checkboxes
        name="strands"
        values={codesIn(filled.value, 'strands')}
        onChange={(codes) => answer({ strands: codes })}
        options={optionsOf(field).map((value) => ({
          value,
          label: tCode('strand', value),
          ...(field.exclusive?.includes(value) && { exclusive: true, divider: t('nav.or') }),
        }))}
      />
    </Asked>
  )
}

/** One set of boxes for each chosen strand, with the strand as its name. */
export function SubStrandsQuestion({ errors: _none }: QuestionProps) {
  const chosen = codesIn(filled.value, 'strands').filter((strand) => (SUB_STRANDS.get(strand) ?? []).length > 0)
  return (
    <>
      <h1 class="govuk-heading-l" tabIndex={-1}>
        {t('sub_strands.legend')}
      </h1>
      <Hint id="sub_strands-hint">{t('sub_strands.hint')}</Hint>
      {chosen.map((strand, index) => (
        <div key={strand} class="govuk-form-group">
          <Fieldset legend={tCode('strand', strand)} size="m" describedBy="sub_strands-hint">
            <Checkboxes
              name="sub_strands"
              idPrefix={index === 0 ? 'sub_strands' : `sub_strands-${strand}`}
              values={codesIn(filled.value, 'sub_strands')}
              onChange={(codes) => answer({ sub_strands: codes })}
              options={(SUB_STRANDS.get(strand) ?? []).map((value) => ({ value, label: tCode('sub', value) }))}
            />
          </Fieldset>
        </div>
      ))}
    </>
  )
}

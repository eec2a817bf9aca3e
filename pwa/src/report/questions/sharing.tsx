import { type MessageKey, t } from '../../i18n/index.ts'
import { Radios } from '../../ui/radios.tsx'
import { Both } from '../both.tsx'
import { answer, filled } from '../flow.ts'
import { fieldOf, optionsOf, textIn } from '../graph.ts'
import { centreName } from '../receiving.ts'
import { Asked } from './parts.tsx'
import type { QuestionProps } from './question.tsx'

export function SharingQuestion({ errors }: QuestionProps) {
  return (
    <Asked
      field="sharing_choice"
      legend={t('sharing_choice.legend')}
      errors={errors}
      why={
        <p class="govuk-body">
          <Both k="sharing_choice.receives" values={{ centre: centreName() }} />
        </p>
      }
    >
      <Radios
        name="sharing_choice"
        value={textIn(filled.value, 'sharing_choice')}
        onChange={(code) => answer({ sharing_choice: code })}
        options={optionsOf(fieldOf('sharing_choice')).map((value) => ({
          value,
          label: <Both k={`sharing_choice.${value}` as MessageKey} />,
          hint: <Both k={`sharing_choice.${value}_hint` as MessageKey} />,
        }))}
      />
      <p class="govuk-body wm-after-groups">
        <Both k="sharing_choice.later" />
      </p>
    </Asked>
  )
}

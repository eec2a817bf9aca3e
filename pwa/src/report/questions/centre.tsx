import { t } from '../../i18n/index.ts'
import { InsetText } from '../../ui/notices.tsx'
import { Radios } from '../../ui/radios.tsx'
import { answer, filled } from '../flow.ts'
import { textIn } from '../graph.ts'
import { allCentres, centreName } from '../receiving.ts'
import { Asked } from './parts.tsx'
import type { QuestionProps } from './question.tsx'

export function CentreQuestion({ errors }: QuestionProps) {
  const options = allCentres.value.map((each) => ({ value: each.id, label: each.name }))
  return (
    <Asked
      field="centre_id"
      legend={t('centre.legend')}
      hint={t('centre.hint')}
      errors={errors}
      why={
        <InsetText>
          {options.length > 0 ? t('centre.default', { centre: centreName() }) : t('centre.none')}
        </InsetText>
      }
    >
      <Radios
        name="centre_id"
        value={textIn(filled.value, 'centre_id')}
        onChange={(code) => answer({ centre_id: code })}
        options={options}
      />
    </Asked>
  )
}

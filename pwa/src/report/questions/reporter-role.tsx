import { t, tCode } from '../../i18n/index.ts'
import { Radios } from '../../ui/radios.tsx'
import { answer, filled } from '../flow.ts'
import { fieldOf, optionsOf, textIn } from '../graph.ts'
import { Asked } from './parts.tsx'
import type { QuestionProps } from './question.tsx'

export function ReporterRoleQuestion({ errors }: QuestionProps) {
  return (
    <Asked field="reporter_role" legend={t('reporter_role.legend')} errors={errors}>
      <Radios
        name="reporter_role"
        value={textIn(filled.value, 'reporter_role')}
        onChange={(code) => answer({ reporter_role: code })}
        options={optionsOf(fieldOf('reporter_role')).map((value) => ({
          value,
          label: tCode('reporter_role', value),
          ...(value === 'organisation_victim' && { hint: t('reporter_role.organisation_victim_hint') }),
        }))}
      />
    </Asked>
  )
}

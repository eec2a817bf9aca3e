import { t, tCode } from '../../i18n/index.ts'
import { ChoiceGroup } from '../../ui/choice-group.tsx'
import { Radios } from '../../ui/radios.tsx'
import { answer, filled } from '../flow.ts'
import { fieldOf, type Group, textIn } from '../graph.ts'
import { Asked } from './parts.tsx'
import type { QuestionProps } from './question.tsx'

export function PlaceTypeQuestion({ errors }: QuestionProps) {
  const groups = fieldOf('place_type').groups ?? []
  return (
    <Asked field="place_type" legend={t('place_type.legend')} hint={t('place_type.hint')} errors={errors}>
      {groups.filter((group) => group.id !== '').map((group) => (
        <Fold key={group.id} group={group} />
      ))}
      {groups.filter((group) => group.id === '').map((group) => (
        <div key="open" class="wm-after-groups">
          <Choices group={group} idPrefix="place_type" />
        </div>
      ))}
    </Asked>
  )
}

function Fold({ group }: { readonly group: Group }) {
  const chosen = group.options.includes(textIn(filled.value, 'place_type'))
  return (
    <ChoiceGroup title={tCode('place_type', `group_${group.id}`)} count={chosen ? t('nav.chosen', { count: 1 }) : ''}>
      <Choices group={group} idPrefix={`place_type-${group.id}`} />
    </ChoiceGroup>
  )
}

function Choices({ group, idPrefix }: { readonly group: Group; readonly idPrefix: string }) {
  return (
    <Radios
      name="place_type"
      idPrefix={idPrefix}
      value={textIn(filled.value, 'place_type')}
      onChange={(code) => answer({ place_type: code })}
      options={group.options.map((value) => ({ value, label: tCode('place', value) }))}
    />
  )
}

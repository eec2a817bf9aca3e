import { t, tCode } from '../../i18n/index.ts'
import { Checkboxes } from '../../ui/checkboxes.tsx'
import { ChoiceGroup } from '../../ui/choice-group.tsx'
import { answer, filled } from '../flow.ts'
import { codesIn, fieldOf, type Group } from '../graph.ts'
import { Asked } from './parts.tsx'
import type { QuestionProps } from './question.tsx'

const FIELD = fieldOf('event_types')

/** Over thirty kinds: folded into a few groups, so that the first look is short. */
export function EventTypesQuestion({ errors }: QuestionProps) {
  const groups = FIELD.groups ?? []
  return (
    <Asked field="event_types" legend={t('event_types.legend')} hint={t('event_types.hint')} errors={errors}>
      {groups.filter((group) => group.id !== '').map((group) => (
        <Fold key={group.id} group={group} />
      ))}
      {groups.filter((group) => group.id === '').map((group) => (
        <div key="open" class="wm-after-groups">
          <Choices group={group} idPrefix="event_types" />
        </div>
      ))}
    </Asked>
  )
}

function Fold({ group }: { readonly group: Group }) {
  const count = codesIn(filled.value, 'event_types').filter((code) => group.options.includes(code)).length
  return (
    <ChoiceGroup title={tCode('event_types', `group_${group.id}`)} count={count > 0 ? t('nav.chosen', { count }) : ''}>
      <Choices group={group} idPrefix={`event_types-${group.id}`} />
    </ChoiceGroup>
  )
}

function Choices({ group, idPrefix }: { readonly group: Group; readonly idPrefix: string }) {
  return (
    <Checkboxes
      name="event_types"
      idPrefix={idPrefix}
      values={codesIn(filled.value, 'event_types')}
      onChange={(codes) => answer({ event_types: codes })}
      exclusives={FIELD.exclusive ?? []}
      options={group.options.map((value) => ({
        value,
        label: tCode('event_type', value),
        ...(FIELD.exclusive?.includes(value) && { exclusive: true, divider: t('nav.or') }),
      }))}
    />
  )
}

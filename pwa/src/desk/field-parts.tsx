/** What the forms of acts are made of: words for the person, words for colleagues, one choice of several. */

import type { JSX } from 'preact'
import { Checkboxes } from '../ui/checkboxes.tsx'
import { WarningText } from '../ui/notices.tsx'
import { Radios } from '../ui/radios.tsx'
import type { RadioOption } from '../ui/radios.tsx'
import { Textarea } from '../ui/textarea.tsx'
import type { FieldError } from '../ui/words.ts'
import { messageIn, TEXT_MAX } from './act-form.ts'
import type { ActName } from './act-names.ts'
import { errorAt, Group } from './field-group.tsx'
import { organisationOf } from './frame.tsx'
import { chosenGroups } from './release-form.ts'
import type { Coded, OpenReport } from './report-shape.ts'
import type { Draft } from './session.ts'
import type { User } from './shapes.ts'
import { say, sayCode, sayCount } from './words.ts'

export type FieldsProps = {
  readonly act: ActName
  readonly report: OpenReport
  readonly user: User
  readonly draft: Draft
  readonly set: (part: Draft) => void
  readonly errors: readonly FieldError[]
}

/** Whatever goes to the person who reported, with what to think of before it. */
export function Message(props: FieldsProps & { readonly optional?: boolean }): JSX.Element {
  const { act, report, user, draft, set, errors, optional = false } = props
  const tablet = report.head.channel === 'centre_tablet'
  return (
    <>
      <WarningText hidden={say('ack.warning_prefix')}>{say('ack.warning')}</WarningText>
      <Textarea
        id="message"
        label={say(optional ? 'act.message_optional' : act === 'ask_reporter' ? 'ask.label' : 'ack.label')}
        hint={say(tablet ? 'ack.hint_tablet' : 'ack.hint_phone', { organisation: organisationOf(user) })}
        value={messageIn(act, draft, report)}
        onInput={(message) => set({ message })}
        error={errorAt(errors, 'message')}
        count={{ max: TEXT_MAX, message: countWords }}
      />
    </>
  )
}

type WordsProps = FieldsProps & { readonly field: string; readonly label: string; readonly hint: string }

/** For colleagues alone. */
export function Words({ field, label, hint, draft, set, errors }: WordsProps): JSX.Element {
  return (
    <Textarea
      id={field}
      label={label}
      hint={hint}
      rows={3}
      value={draft[field] ?? ''}
      onInput={(text) => set({ [field]: text })}
      error={errorAt(errors, field)}
      count={{ max: TEXT_MAX, message: countWords }}
    />
  )
}

type OneOfProps = FieldsProps & { readonly field: string; readonly legend: string; readonly options: readonly Coded[] }

export function OneOf({ field, legend, options, draft, set, errors }: OneOfProps): JSX.Element {
  const radios: readonly RadioOption[] = options.map(({ code, label }) => ({ value: code, label }))
  return (
    <Group field={field} legend={legend} errors={errors}>
      <Radios name={field} small options={radios} value={draft[field]} onChange={(code) => set({ [field]: code })} />
    </Group>
  )
}

type SeveralProps = FieldsProps & { readonly legend: string; readonly groups: readonly string[] }

/** Groups of answers, by the words that the page has for them. */
export function Several({ legend, groups, draft, set, errors }: SeveralProps): JSX.Element {
  return (
    <Group field="groups" legend={legend} errors={errors}>
      <Checkboxes
        name="groups"
        options={groups.map((group) => ({ value: group, label: sayCode('hidden', group) }))}
        values={chosenGroups(draft, groups)}
        onChange={(chosen) => set({ groups: chosen.join(' ') })}
      />
    </Group>
  )
}

const countWords = (left: number) => (left < 0 ? sayCount('ack.over', -left) : sayCount('ack.left', left))

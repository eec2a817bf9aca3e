import type { JSX } from 'preact'
import { Input } from '../ui/input.tsx'
import { WarningText } from '../ui/notices.tsx'
import { Radios } from '../ui/radios.tsx'
import type { RadioOption } from '../ui/radios.tsx'
import { Textarea } from '../ui/textarea.tsx'
import type { FieldError } from '../ui/words.ts'
import { chosenDecision, mayStaySilent, messageIn, telling, TEXT_MAX } from './act-form.ts'
import type { ActName } from './act-names.ts'
import { errorAt, Group } from './field-group.tsx'
import { organisationOf } from './frame.tsx'
import type { Coded, OpenReport } from './report-shape.ts'
import type { Draft } from './session.ts'
import { SignpostFields } from './signpost-fields.tsx'
import type { User } from './shapes.ts'
import { say, sayCount } from './words.ts'

export type FieldsProps = {
  readonly act: ActName
  readonly report: OpenReport
  readonly user: User
  readonly draft: Draft
  readonly set: (part: Draft) => void
  readonly errors: readonly FieldError[]
}

/** The fields of one act, in the order in which they are thought about. */
export function ActFields(props: FieldsProps): JSX.Element | null {
  const { choosing } = props.report
  switch (props.act) {
    case 'acknowledge_report':
    case 'ask_reporter':
    case 'update_reporter':
      return <Message {...props} />
    case 'decide_report':
      return <DecideFields {...props} />
    case 'close_report':
      return (
        <>
          <OneOf {...props} field="code" legend={say('close.code')} options={choosing.closures} />
          <Words {...props} field="note" label={say('act.note')} hint={say('act.note_hint')} />
          {props.draft['code'] !== undefined && <Tell {...props} />}
        </>
      )
    case 'reopen_report':
      return (
        <>
          <OneOf {...props} field="reason" legend={say('reopen.reason')} options={choosing.reopenReasons} />
          <Words {...props} field="note" label={say('act.note')} hint={say('act.note_hint')} />
          {props.report.canReach && <Message {...props} optional />}
        </>
      )
    case 'signpost':
      return (
        <>
          <SignpostFields {...props} />
          <Message {...props} optional />
        </>
      )
    case 'forward_report':
      return <ForwardFields {...props} />
    case 'send_back_report':
      return <Words {...props} field="reason" label={say('send_back.reason')} hint={say('act.between_forces')} />
    case 'accept_report':
    case 'take_report':
    case 'mark_reply_read':
      return null
  }
}

function DecideFields(props: FieldsProps): JSX.Element {
  const { report, draft, set, errors } = props
  const decision = chosenDecision(report, draft)
  return (
    <>
      <OneOf {...props} field="code" legend={say('decide.code')} options={report.choosing.decisions} />
      {decision?.needs_reference === true && (
        <Input
          id="crime_reference"
          label={say('decide.reference')}
          width={20}
          dir="ltr"
          value={draft['crime_reference'] ?? ''}
          onInput={(crime_reference) => set({ crime_reference })}
          error={errorAt(errors, 'crime_reference')}
        />
      )}
      {decision !== null && decision.reasons.length > 0 && (
        <OneOf {...props} field="reason" legend={say('decide.reason')} options={decision.reasons} />
      )}
      <Words {...props} field="rationale" label={say('decide.rationale')} hint={say('decide.rationale_hint')} />
      {decision !== null && <Tell {...props} />}
    </>
  )
}

function ForwardFields(props: FieldsProps): JSX.Element {
  const { report, draft } = props
  const forces = report.choosing.forces.map((force) => ({ code: force.id, label: force.name }))
  return (
    <>
      <OneOf {...props} field="force_id" legend={say('forward.force')} options={forces} />
      <Words {...props} field="reason" label={say('forward.reason')} hint={say('act.between_forces')} />
      {report.canReach && draft['force_id'] !== undefined && <Message {...props} />}
    </>
  )
}

/** Tell them, or write down why not. Both are kept. */
function Tell(props: FieldsProps): JSX.Element {
  const { act, report, draft, set, errors } = props
  const told = telling(draft, report)
  const silent = mayStaySilent(act, draft, report)
  const why = (
    <OneOf
      {...props}
      field="not_told_reason"
      legend={say(silent ? 'tell.reason_optional' : 'tell.reason')}
      options={report.choosing.notToldReasons}
    />
  )
  if (!report.canReach) return why
  return (
    <>
      <Group field="tell" legend={say('tell.legend')} errors={errors}>
        <Radios
          name="tell"
          value={told || undefined}
          onChange={(tell) => set({ tell })}
          options={[
            { value: 'yes', label: say('tell.yes') },
            { value: 'no', label: say('tell.no') },
          ]}
        />
      </Group>
      {told === 'yes' && <Message {...props} />}
      {told === 'no' && why}
    </>
  )
}

/** Whatever goes to the person who reported, with what to think of before it. */
function Message(props: FieldsProps & { readonly optional?: boolean }): JSX.Element {
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
function Words({ field, label, hint, draft, set, errors }: WordsProps): JSX.Element {
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

function OneOf({ field, legend, options, draft, set, errors }: OneOfProps): JSX.Element {
  const radios: readonly RadioOption[] = options.map(({ code, label }) => ({ value: code, label }))
  return (
    <Group field={field} legend={legend} errors={errors}>
      <Radios name={field} small options={radios} value={draft[field]} onChange={(code) => set({ [field]: code })} />
    </Group>
  )
}

const countWords = (left: number) => (left < 0 ? sayCount('ack.over', -left) : sayCount('ack.left', left))

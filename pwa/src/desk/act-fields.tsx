import type { JSX } from 'preact'
import { Input } from '../ui/input.tsx'
import { Radios } from '../ui/radios.tsx'
import { chosenDecision, mayStaySilent, telling } from './act-form.ts'
import { errorAt, Group } from './field-group.tsx'
import { Message, OneOf, Words } from './field-parts.tsx'
import type { FieldsProps } from './field-parts.tsx'
import { KeepFields } from './keep-fields.tsx'
import { ReleaseFields } from './release-fields.tsx'
import { SignpostFields } from './signpost-fields.tsx'
import { say } from './words.ts'

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
    case 'narrow_release':
    case 'override_release':
    case 'end_override':
    case 'unmask':
      return <ReleaseFields {...props} act={props.act} />
    case 'keep_report':
    case 'hold_report':
    case 'lift_hold':
    case 'erase_report':
    case 'confirm_erasure':
      return <KeepFields {...props} act={props.act} />
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

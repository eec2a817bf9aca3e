import type { JSX } from 'preact'
import { WarningText } from '../ui/notices.tsx'
import type { KeepAct } from './act-names.ts'
import { OneOf, Words } from './field-parts.tsx'
import type { FieldsProps } from './field-parts.tsx'
import { ERASE_GROUNDS, HOLD_REASONS, KEEP_REASONS, MONTHS } from './keep-form.ts'
import { say, sayCode } from './words.ts'

type Props = FieldsProps & { readonly act: KeepAct }

/** How long the report is kept: longer, on hold, not any more. */
export function KeepFields(props: Props): JSX.Element {
  switch (props.act) {
    case 'keep_report':
      return (
        <>
          <OneOf {...props} field="reason" legend={say('keep.reason')} options={coded('keep_reason', KEEP_REASONS)} />
          <OneOf {...props} field="months" legend={say('keep.months')} options={coded('keep_months', MONTHS)} />
        </>
      )
    case 'hold_report':
      return (
        <>
          <OneOf {...props} field="reason" legend={say('hold.reason')} options={coded('hold_reason', HOLD_REASONS)} />
          <Words {...props} field="note" label={say('hold.note')} hint={say('act.note_hint')} />
        </>
      )
    case 'lift_hold':
      return <Words {...props} field="note" label={say('lift.note')} hint={say('act.note_hint')} />
    case 'erase_report':
      return (
        <>
          <OneOf {...props} field="ground" legend={say('erase.ground')} options={coded('erase_ground', ERASE_GROUNDS)} />
          <Words {...props} field="note" label={say('erase.note')} hint={say('erase.note_hint')} />
        </>
      )
    case 'confirm_erasure':
      return <WarningText hidden={say('ack.warning_prefix')}>{say('erase.warning')}</WarningText>
  }
}

const coded = (group: string, codes: readonly string[]) => codes.map((code) => ({ code, label: sayCode(group, code) }))

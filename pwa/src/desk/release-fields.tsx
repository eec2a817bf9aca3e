import type { JSX } from 'preact'
import { InsetText, WarningText } from '../ui/notices.tsx'
import { Radios } from '../ui/radios.tsx'
import type { ReleaseAct } from './act-names.ts'
import { Group } from './field-group.tsx'
import { Message, OneOf, Several, Words } from './field-parts.tsx'
import type { FieldsProps } from './field-parts.tsx'
import { groupsFor, namesForce, tellsThem } from './release-form.ts'
import { say } from './words.ts'

type Props = FieldsProps & { readonly act: ReleaseAct }

/** Who may see what of a report: taken back, opened without its reporter, ended, uncovered. */
export function ReleaseFields(props: Props): JSX.Element {
  const { act, report } = props
  const groups = groupsFor(act, report)
  switch (act) {
    case 'narrow_release':
      return (
        <>
          <Several {...props} legend={say('narrow.groups')} groups={groups} />
          <Words {...props} field="note" label={say('narrow.note')} hint={say('narrow.note_hint')} />
        </>
      )
    case 'override_release':
      return (
        <>
          <WarningText hidden={say('ack.warning_prefix')}>{say('override.warning')}</WarningText>
          <Several {...props} legend={say('override.groups')} groups={groups} />
          {namesForce(act, report) && <ForceField {...props} />}
          <OneOf {...props} field="ground" legend={say('override.ground')} options={report.choosing.overrideGrounds} />
          <Words {...props} field="note" label={say('override.note')} hint={say('override.note_hint')} />
          <Knowing {...props} />
        </>
      )
    case 'end_override':
      return (
        <>
          <Several {...props} legend={say('end_override.groups')} groups={groups} />
          <Words {...props} field="note" label={say('end_override.note')} hint={say('act.note_hint')} />
          <Knowing {...props} />
        </>
      )
    case 'unmask':
      return (
        <>
          <Several {...props} legend={say('unmask.groups')} groups={groups} />
          <OneOf {...props} field="reason" legend={say('unmask.reason')} options={report.choosing.unmaskReasons} />
        </>
      )
  }
}

function ForceField(props: Props): JSX.Element {
  const forces = props.report.choosing.forces.map(({ id, name }) => ({ code: id, label: name }))
  return <OneOf {...props} field="force_id" legend={say('override.force')} options={forces} />
}

/** Does the person know? What is said to somebody who must not know could harm them. */
function Knowing(props: Props): JSX.Element {
  const { report, draft, set, errors } = props
  return (
    <>
      <Group field="told" legend={say('told.legend')} errors={errors}>
        <Radios
          name="told"
          value={draft['told']}
          onChange={(told) => set({ told })}
          options={[
            { value: 'yes', label: say('told.yes') },
            { value: 'no', label: say('told.no') },
            { value: 'unsafe', label: say('told.unsafe'), hint: say('told.unsafe_hint') },
          ]}
        />
      </Group>
      {tellsThem(draft, report) && <Message {...props} optional />}
      {draft['told'] === 'unsafe' && <InsetText><p class="govuk-body">{say('told.nothing_said')}</p></InsetText>}
    </>
  )
}

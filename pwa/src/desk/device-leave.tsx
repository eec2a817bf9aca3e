import type { JSX } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import { Button, ButtonGroup } from '../ui/button.tsx'
import { ErrorSummary } from '../ui/error-summary.tsx'
import { WarningText } from '../ui/notices.tsx'
import { Radios } from '../ui/radios.tsx'
import * as api from './api.ts'
import { Group } from './field-group.tsx'
import { RefusalNotice } from './notices.tsx'
import type { EnrolledDevice } from './shapes.ts'
import { say } from './words.ts'

type LeavePartProps = {
  readonly device: EnrolledDevice
  readonly done: (told: string) => void
  readonly cancel: () => void
}

const SCOPES: readonly api.LeaveScope[] = ['keys', 'all']

/** What will happen to the tablet, and the one question that has to be answered first. */
export function LeavePart({ device, done, cancel }: LeavePartProps): JSX.Element {
  const field = `leave-${device.id}`
  const title = useRef<HTMLHeadingElement>(null)
  const [scope, setScope] = useState<api.LeaveScope>()
  const [attempt, setAttempt] = useState(0)
  const [refusal, setRefusal] = useState<api.Refusal | null>(null)
  const [busy, setBusy] = useState(false)
  useEffect(() => title.current?.focus(), [])
  const errors = attempt > 0 && scope === undefined ? [{ field, text: say('devices.leave_empty') }] : []

  const submit = async (event: Event) => {
    event.preventDefault()
    setAttempt(attempt + 1)
    if (scope === undefined || busy) return
    setBusy(true)
    try {
      await api.takeOut(device.id, scope)
      done(say('devices.left_done', { label: device.label }))
    } catch (reason) {
      if (!(reason instanceof api.Refusal)) throw reason
      setRefusal(reason)
      setBusy(false)
    }
  }
  return (
    <form class="desk-act" noValidate onSubmit={submit} aria-labelledby={`${field}-title`}>
      {errors.length > 0 && <ErrorSummary title={say('app.problem')} errors={errors} attempt={attempt} />}
      {refusal !== null && <RefusalNotice refusal={refusal} />}
      <h3 class="govuk-heading-s" id={`${field}-title`} tabIndex={-1} ref={title}>
        {say('devices.leave_title', { label: device.label })}
      </h3>
      <p class="govuk-body">{say('devices.leave_what')}</p>
      <p class="govuk-body">{say('devices.leave_lost')}</p>
      <WarningText hidden={say('ack.warning_prefix')}>{say('devices.leave_warning')}</WarningText>
      <Group field={field} legend={say('devices.leave_legend')} errors={errors}>
        <Radios
          name={field}
          value={scope}
          onChange={(value) => setScope(SCOPES.find((one) => one === value))}
          options={SCOPES.map((value) => ({
            value,
            label: say(`devices.leave_${value}`),
            hint: say(`devices.leave_${value}_hint`),
          }))}
        />
      </Group>
      <ButtonGroup>
        <Button submit kind="warning" busy={busy}>{say(busy ? 'devices.leave_busy' : 'devices.leave_submit')}</Button>
        <Button kind="secondary" onClick={cancel}>{say('devices.leave_cancel')}</Button>
      </ButtonGroup>
    </form>
  )
}

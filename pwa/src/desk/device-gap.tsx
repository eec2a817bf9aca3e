import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { Button } from '../ui/button.tsx'
import { Details } from '../ui/details.tsx'
import { ErrorSummary } from '../ui/error-summary.tsx'
import { Radios } from '../ui/radios.tsx'
import * as api from './api.ts'
import { gapWords } from './device-words.ts'
import { Group } from './field-group.tsx'
import { RefusalNotice } from './notices.tsx'
import type { EnrolledDevice, Gap } from './shapes.ts'
import { day } from './times.ts'
import { say, sayCode } from './words.ts'

const WHYS = ['found', 'made_again', 'practice', 'cannot_say'] as const

type GapPartProps = {
  readonly device: EnrolledDevice
  readonly gap: Gap
  readonly done: (told: string) => void
}

/** Reports that never came, and what a person has found out about them. */
export function GapPart({ device, gap, done }: GapPartProps): JSX.Element {
  return (
    <div class="govuk-inset-text">
      <p class="govuk-body"><strong>{gapWords(gap)}</strong></p>
      {gap.explained !== null && (
        <p class="govuk-body">{toldWords(gap.explained, gap.explained_at)}</p>
      )}
      <Details summary={say('devices.gap_ask')}>
        <Explain device={device} gap={gap} done={done} />
      </Details>
    </div>
  )
}

function toldWords(code: string, at: string | null): string {
  const why = sayCode('gap_why', code)
  return at === null ? why : say('devices.gap_told', { why, date: day(at) })
}

function Explain({ device, gap, done }: GapPartProps): JSX.Element {
  const field = `gap-${device.id}-${gap.epoch}-${gap.first_seq}`
  const [why, setWhy] = useState<string>()
  const [attempt, setAttempt] = useState(0)
  const [refusal, setRefusal] = useState<api.Refusal | null>(null)
  const errors = attempt > 0 && why === undefined ? [{ field, text: say('devices.gap_empty') }] : []

  const submit = async (event: Event) => {
    event.preventDefault()
    setAttempt(attempt + 1)
    if (why === undefined) return
    try {
      await api.explainGap(device.id, gap, why)
      done(say('devices.gap_done'))
    } catch (reason) {
      if (!(reason instanceof api.Refusal)) throw reason
      setRefusal(reason)
    }
  }
  return (
    <form noValidate onSubmit={submit}>
      {errors.length > 0 && <ErrorSummary title={say('app.problem')} errors={errors} attempt={attempt} />}
      {refusal !== null && <RefusalNotice refusal={refusal} />}
      <p class="govuk-body">{say('devices.gap_how')}</p>
      <Group field={field} legend={say('devices.gap_legend')} errors={errors}>
        <Radios
          name={field}
          small
          value={why}
          onChange={setWhy}
          options={WHYS.map((value) => ({ value, label: say(`gap_why.${value}`) }))}
        />
      </Group>
      <Button submit kind="secondary">{say('devices.gap_save')}</Button>
    </form>
  )
}

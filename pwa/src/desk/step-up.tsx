import { effect, signal } from '@preact/signals'
import type { JSX } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
import * as api from './api.ts'
import { session } from './session.ts'
import { ShowItForm } from './show-it-form.tsx'
import { say } from './words.ts'

/** Whoever waits to hear whether the person has shown that it is them. */
const waiting = signal<((shown: boolean) => void) | null>(null)

/** From now on an act that the service wants to be sure of asks here first, and then goes on. */
export function startAsking(): void {
  api.whenUnsure(
    () =>
      new Promise((resolve) => {
        end(false)
        waiting.value = resolve
      }),
  )
  effect(() => {
    if (session.value.status !== 'in') end(false)
  })
}

function end(shown: boolean): void {
  const answer = waiting.peek()
  waiting.value = null
  answer?.(shown)
}

/** Shown over the page, so that what was typed below stays. */
export function StepUp(): JSX.Element | null {
  return waiting.value === null ? null : <Asking />
}

function Asking(): JSX.Element {
  const box = useRef<HTMLDialogElement>(null)
  useEffect(() => box.current?.showModal(), [])
  return (
    <dialog class="desk-ask" ref={box} aria-labelledby="step-up-title" onCancel={() => end(false)}>
      <ShowItForm
        id="step-up"
        title={
          <>
            <h2 class="govuk-heading-m" id="step-up-title">{say('step_up.title')}</h2>
            <p class="govuk-body">{say('step_up.why')}</p>
          </>
        }
        submit={say('step_up.submit')}
        cancel={say('step_up.cancel')}
        onShown={() => end(true)}
        onCancel={() => end(false)}
      />
    </dialog>
  )
}

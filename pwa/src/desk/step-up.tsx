import { signal } from '@preact/signals'
import type { JSX } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import { Button, ButtonGroup } from '../ui/button.tsx'
import { ErrorSummary } from '../ui/error-summary.tsx'
import { Input } from '../ui/input.tsx'
import * as api from './api.ts'
import { CodeInput } from './code-input.tsx'
import { wordsOf } from './notices.tsx'
import { NotShown, passkeysWork } from './passkeys.ts'
import { say } from './words.ts'

/** Whoever waits to hear whether the person has shown that it is them. */
const waiting = signal<((shown: boolean) => void) | null>(null)

/** From now on an act that the service wants to be sure of asks here first, and then goes on. */
export function startAsking(): void {
  api.whenUnsure(
    () =>
      new Promise((resolve) => {
        waiting.value?.(false)
        waiting.value = resolve
      }),
  )
}

/** Shown over the page, so that what was typed below stays. */
export function StepUp(): JSX.Element | null {
  return waiting.value === null ? null : <Asking answer={waiting.value} />
}

function Asking({ answer }: { answer: (shown: boolean) => void }): JSX.Element {
  const box = useRef<HTMLDialogElement>(null)
  const [password, setPassword] = useState('')
  const [code, setCode] = useState<string | null>(null) // null: not asked for
  const [busy, setBusy] = useState(false)
  const [wrong, setWrong] = useState({ text: '', attempt: 0 })
  useEffect(() => box.current?.showModal(), [])

  const end = (shown: boolean) => {
    waiting.value = null
    answer(shown)
  }
  const tell = (text: string) => {
    setBusy(false)
    setWrong({ text, attempt: wrong.attempt + 1 })
  }
  const attempt = async (show: () => Promise<void>) => {
    setBusy(true)
    try {
      await show()
      end(true)
    } catch (reason) {
      if (reason instanceof NotShown) return tell(say('step_up.not_shown'))
      if (!(reason instanceof api.Refusal)) throw reason
      if (reason.code === 'code_needed') setCode('')
      if (reason.code === 'code_wrong') return tell(say('login.code_wrong'))
      tell(reason.code === 'login_failed' ? say('step_up.failed') : wordsOf(reason).title)
    }
  }
  const submit = (event: Event) => {
    event.preventDefault()
    if (password === '') return tell(say('login.password_empty'))
    if (code?.trim() === '') return tell(say('login.code_empty'))
    void attempt(() => api.verifyByPassword(password, code ?? ''))
  }

  return (
    <dialog class="desk-ask" ref={box} aria-labelledby="step-up-title" onCancel={() => end(false)}>
      {wrong.text !== '' && (
        <ErrorSummary
          title={say('app.problem')}
          errors={[{ field: code === null ? 'step-up-password' : 'step-up-code', text: wrong.text }]}
          attempt={wrong.attempt}
        />
      )}
      <h2 class="govuk-heading-m" id="step-up-title">{say('step_up.title')}</h2>
      <p class="govuk-body">{say('step_up.why')}</p>
      {passkeysWork() && (
        <Button busy={busy} onClick={() => void attempt(api.verifyByPasskey)}>{say('step_up.passkey')}</Button>
      )}
      <form noValidate onSubmit={submit}>
        <Input
          id="step-up-password"
          label={say('login.password')}
          type="password"
          value={password}
          onInput={setPassword}
          error={wrong.text === '' || code !== null ? undefined : wrong.text}
          autoComplete="current-password"
          dir="ltr"
        />
        {code !== null && (
          <CodeInput
            id="step-up-code"
            value={code}
            onInput={setCode}
            error={wrong.text === '' ? undefined : wrong.text}
          />
        )}
        <ButtonGroup>
          <Button submit kind="secondary" busy={busy}>{say('step_up.submit')}</Button>
          <Button kind="secondary" onClick={() => end(false)}>{say('step_up.cancel')}</Button>
        </ButtonGroup>
      </form>
    </dialog>
  )
}

import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { Button, ButtonGroup } from '../ui/button.tsx'
import { ErrorSummary } from '../ui/error-summary.tsx'
import { Input } from '../ui/input.tsx'
import * as api from './api.ts'
import { CodeInput } from './code-input.tsx'
import { wordsOf } from './notices.tsx'
import { NotShown, passkeysWork } from './passkeys.ts'
import { say } from './words.ts'

type Props = {
  /** Of the fields: no two forms of a page have the same. */
  readonly id: string
  readonly title: JSX.Element
  readonly submit: string
  readonly cancel: string
  readonly onShown: () => void
  readonly onCancel: () => void
}

/** Whoever is logged in shows that it is them: with a passkey, or a password and what goes with it. */
export function ShowItForm({ id, title, submit, cancel, onShown, onCancel }: Props): JSX.Element {
  const [password, setPassword] = useState('')
  const [code, setCode] = useState<string | null>(null) // null: not asked for
  const [busy, setBusy] = useState(false)
  const [wrong, setWrong] = useState({ text: '', next: '', attempt: 0 })

  const tell = (text: string, next = '') => {
    setBusy(false)
    setWrong({ text, next, attempt: wrong.attempt + 1 })
  }
  const attempt = async (show: () => Promise<void>) => {
    setBusy(true)
    try {
      await show()
      onShown()
    } catch (reason) {
      if (reason instanceof NotShown) return tell(say('step_up.not_shown'))
      if (!(reason instanceof api.Refusal)) throw reason
      if (reason.code === 'code_needed') setCode('')
      if (reason.code === 'code_wrong') return tell(say('login.code_wrong'))
      const { title: told, next } = wordsOf(reason)
      tell(reason.code === 'login_failed' ? say('step_up.failed') : told, reason.retryAfterS === null ? '' : next)
    }
  }
  const onSubmit = (event: Event) => {
    event.preventDefault()
    if (password === '') return tell(say('login.password_empty'))
    if (code?.trim() === '') return tell(say('login.code_empty'))
    void attempt(() => api.verifyByPassword(password, code ?? ''))
  }

  return (
    <>
      {wrong.text !== '' && (
        <ErrorSummary
          title={say('app.problem')}
          errors={[{ field: code === null ? `${id}-password` : `${id}-code`, text: wrong.text }]}
          attempt={wrong.attempt}
        />
      )}
      {title}
      {wrong.next !== '' && <p class="govuk-body">{wrong.next}</p>}
      {passkeysWork() && (
        <Button busy={busy} onClick={() => void attempt(api.verifyByPasskey)}>{say('step_up.passkey')}</Button>
      )}
      <form noValidate onSubmit={onSubmit}>
        <Input
          id={`${id}-password`}
          label={say('login.password')}
          type="password"
          value={password}
          onInput={setPassword}
          error={wrong.text === '' || code !== null ? undefined : wrong.text}
          autoComplete="current-password"
          dir="ltr"
        />
        {code !== null && (
          <CodeInput id={`${id}-code`} value={code} onInput={setCode} error={wrong.text === '' ? undefined : wrong.text} />
        )}
        <ButtonGroup>
          <Button submit kind="secondary" busy={busy}>{submit}</Button>
          <Button kind="secondary" onClick={onCancel}>{cancel}</Button>
        </ButtonGroup>
      </form>
    </>
  )
}

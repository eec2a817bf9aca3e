import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { Button, ButtonGroup } from '../ui/button.tsx'
import { ErrorSummary } from '../ui/error-summary.tsx'
import { Checkboxes } from '../ui/checkboxes.tsx'
import { Input } from '../ui/input.tsx'
import { InsetText } from '../ui/notices.tsx'
import type { FieldError } from '../ui/words.ts'
import { Refusal } from './api.ts'
import { Heading } from './heading.tsx'
import { wordsOf } from './notices.tsx'
import { CodeInput } from './code-input.tsx'
import { isShared, keepShared } from './left-over.ts'
import { NotShown, passkeysWork } from './passkeys.ts'
import { enterByPasskey, enterWith, stillOwing } from './session.ts'
import { say } from './words.ts'

type Wrong = { readonly errors: readonly FieldError[]; readonly next: string; readonly attempt: number }

/** Log in, in place: the address stays, so the same page is there afterwards. */
export function LoginScreen({ expired }: { expired: boolean }): JSX.Element {
  const [username, setUsername] = useState('')
  const [password, setPassword] = useState('')
  const [code, setCode] = useState<string | null>(null) // null: not asked for
  const [shared, setShared] = useState(isShared)
  const [visible, setVisible] = useState(false)
  const [busy, setBusy] = useState(false)
  const [wrong, setWrong] = useState<Wrong>({ errors: [], next: '', attempt: 0 })

  const refuse = (errors: readonly FieldError[], next = '') => setWrong({ errors, next, attempt: wrong.attempt + 1 })
  const submit = async (event: Event) => {
    event.preventDefault()
    setVisible(false) // a browser offers to remember only a hidden password
    const empty = emptyFields(username, password, code)
    if (empty.length > 0) return refuse(empty)
    setBusy(true)
    try {
      await enterWith(username.trim(), password, shared, code ?? '')
    } catch (error) {
      setBusy(false)
      if (isAbout(error, 'code_needed')) return askForCode()
      if (isAbout(error, 'code_wrong')) return refuse([{ field: 'code', text: say('login.code_wrong') }], error.next)
      const told = refusalWords(error)
      refuse([{ field: 'username', text: told.title }], told.next)
    }
  }
  const askForCode = () => {
    setCode('')
    setWrong({ errors: [], next: '', attempt: 0 })
  }
  const startAgain = () => {
    setCode(null)
    setPassword('')
    setWrong({ errors: [], next: '', attempt: 0 })
  }
  const byPasskey = async () => {
    setBusy(true)
    try {
      await enterByPasskey(shared)
    } catch (error) {
      setBusy(false)
      if (error instanceof NotShown) return refuse([{ field: 'username', text: say('step_up.not_shown') }])
      const told = refusalWords(error)
      const text = error instanceof Refusal && error.code === 'login_failed' ? say('login.passkey_failed') : told.title
      refuse([{ field: 'username', text }], told.next)
    }
  }
  const errorAt = (field: string) => wrong.errors.find((error) => error.field === field)?.text

  return (
    <div class="wm-column">
      {wrong.errors.length > 0 && (
        <ErrorSummary title={say('app.problem')} errors={wrong.errors} attempt={wrong.attempt} />
      )}
      <Heading key={code === null ? 'name' : 'code'} error={wrong.errors.length > 0}>
        {code !== null ? say('login.code_title') : say(expired ? 'login.expired_title' : 'login.title')}
      </Heading>
      {expired && code === null && <p class="govuk-body">{say('login.expired')}</p>}
      {wrong.next !== '' && <p class="govuk-body">{wrong.next}</p>}
      {stillOwing.value && <InsetText>{say('left.owing')}</InsetText>}
      {code === null && (
        <div class="govuk-form-group">
          <Checkboxes
            name="shared"
            options={[{ value: 'shared', label: say('login.shared'), hint: say('login.shared_hint') }]}
            values={shared ? ['shared'] : []}
            onChange={(values) => {
              setShared(values.length > 0)
              keepShared(values.length > 0)
            }}
          />
        </div>
      )}
      {passkeysWork() && (
        <div class="desk-narrow">
          <Button busy={busy} onClick={() => void byPasskey()}>{say('login.passkey')}</Button>
          <p class="govuk-body">{say(code === null ? 'login.or' : 'login.or_code')}</p>
        </div>
      )}
      {code !== null && (
        <form class="desk-narrow" noValidate onSubmit={submit}>
          <CodeInput id="code" value={code} onInput={setCode} error={errorAt('code')} />
          <ButtonGroup>
            <Button submit {...(passkeysWork() ? { kind: 'secondary' as const } : {})} busy={busy}>
              {say('login.submit')}
            </Button>
            <Button kind="secondary" onClick={startAgain}>{say('login.start_again')}</Button>
          </ButtonGroup>
        </form>
      )}
      {code === null && <form class="desk-narrow" noValidate onSubmit={submit}>
        <Input
          id="username"
          label={say('login.username')}
          value={username}
          onInput={setUsername}
          error={errorAt('username')}
          autoComplete="username"
          dir="ltr"
        />
        <Input
          id="password"
          label={say('login.password')}
          type={visible ? 'text' : 'password'}
          value={password}
          onInput={setPassword}
          error={errorAt('password')}
          autoComplete="current-password"
          dir="ltr"
        />
        <ButtonGroup>
          <Button submit {...(passkeysWork() ? { kind: 'secondary' as const } : {})} busy={busy}>
            {say('login.submit')}
          </Button>
          <Button kind="secondary" onClick={() => setVisible(!visible)}>
            {say(visible ? 'login.hide' : 'login.show')}
          </Button>
        </ButtonGroup>
      </form>}
      <p class="govuk-body desk-quiet">{say('login.no_address')}</p>
    </div>
  )
}

function emptyFields(username: string, password: string, code: string | null): readonly FieldError[] {
  if (code !== null) return code.trim() === '' ? [{ field: 'code', text: say('login.code_empty') }] : []
  return [
    ...(username.trim() === '' ? [{ field: 'username', text: say('login.username_empty') }] : []),
    ...(password === '' ? [{ field: 'password', text: say('login.password_empty') }] : []),
  ]
}

const isAbout = (error: unknown, code: string): error is Refusal => error instanceof Refusal && error.code === code

/** Which of the two was wrong is told to nobody. */
function refusalWords(error: unknown): { readonly title: string; readonly next: string } {
  if (!(error instanceof Refusal)) throw error
  return error.code === 'login_failed' ? { title: say('login.failed'), next: error.next } : wordsOf(error)
}

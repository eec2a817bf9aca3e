import type { JSX } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import { Button, ButtonGroup } from '../ui/button.tsx'
import { ErrorSummary } from '../ui/error-summary.tsx'
import { Input } from '../ui/input.tsx'
import { InsetText } from '../ui/notices.tsx'
import { QrCode } from '../ui/qr-code.tsx'
import * as api from './api.ts'
import { wordsOf } from './notices.tsx'
import type { Account, Secured, TotpSecret } from './shapes.ts'
import { say, sayCount } from './words.ts'

export type Secure = (ask: () => Promise<Secured>, done?: string) => Promise<void>
type Props = { readonly account: Account; readonly secure: Secure }
type Settle = (ask: () => Promise<Account>, done?: string) => Promise<void>

/** An app that shows six digits, anew every half minute. */
export function TotpPart({ account, settle, secure }: Props & { readonly settle: Settle }): JSX.Element {
  const [begun, setBegun] = useState<TotpSecret | null>(null)
  const begin = () =>
    settle(async () => {
      setBegun(await api.beginTotp())
      return account
    })
  return (
    <section aria-labelledby="totp">
      <h2 class="govuk-heading-m" id="totp">{say('account.totp')}</h2>
      <p class="govuk-body">{say(account.totp ? 'account.totp_on' : 'account.totp_what')}</p>
      {account.totp && (
        <Button kind="secondary" onClick={() => void settle(api.removeTotp, say('account.totp_removed'))}>
          {say('account.totp_remove')}
        </Button>
      )}
      {!account.totp && begun === null && (
        <Button kind="secondary" onClick={() => void begin()}>{say('account.totp_add')}</Button>
      )}
      {!account.totp && begun !== null && <TotpForm begun={begun} secure={secure} dismiss={() => setBegun(null)} />}
    </section>
  )
}

type TotpFormProps = { readonly begun: TotpSecret; readonly secure: Secure; readonly dismiss: () => void }

function TotpForm({ begun, secure, dismiss }: TotpFormProps): JSX.Element {
  const [code, setCode] = useState('')
  const [wrong, setWrong] = useState({ text: '', attempt: 0 })
  const tell = (text: string) => setWrong({ text, attempt: wrong.attempt + 1 })
  const submit = (event: Event) => {
    event.preventDefault()
    if (code.trim() === '') return tell(say('account.totp_empty'))
    void secure(() => refusedHere(api.confirmTotp(code.trim()), 'code_wrong', () => tell(say('login.code_wrong'))), say('account.totp_added'))
  }
  return (
    <form class="desk-narrow" noValidate onSubmit={submit}>
      {wrong.text !== '' && (
        <ErrorSummary title={say('app.problem')} errors={[{ field: 'totp-code', text: wrong.text }]} attempt={wrong.attempt} />
      )}
      <p class="govuk-body">{say('account.totp_scan')}</p>
      <QrCode text={begun.uri} label={say('account.totp_picture')} />
      <p class="govuk-body">{say('account.totp_type')}</p>
      <p class="govuk-body"><code class="desk-secret" dir="ltr">{inFours(begun.secret)}</code></p>
      <Input
        id="totp-code"
        label={say('account.totp_code')}
        hint={say('account.totp_code_hint')}
        value={code}
        onInput={setCode}
        error={wrong.text === '' ? undefined : wrong.text}
        inputMode="numeric"
        autoComplete="one-time-code"
        spellCheck={false}
        width={10}
        dir="ltr"
      />
      <ButtonGroup>
        <Button submit>{say('account.totp_confirm')}</Button>
        <Button kind="secondary" onClick={dismiss}>{say('step_up.cancel')}</Button>
      </ButtonGroup>
    </form>
  )
}

/** How many codes on paper are left, and new ones. */
export function RecoveryPart({ account, secure }: Props): JSX.Element {
  return (
    <section aria-labelledby="recovery">
      <h2 class="govuk-heading-m" id="recovery">{say('account.recovery')}</h2>
      <p class="govuk-body">{say('account.recovery_what')}</p>
      <p class="govuk-body">{sayCount('account.recovery_left', account.recovery_left)}</p>
      <Button kind="secondary" onClick={() => void secure(api.makeRecoveryCodes, say('account.recovery_made'))}>
        {say('account.recovery_make')}
      </Button>
    </section>
  )
}

/** Shown once. The page stays here until the person says that they have them. */
export function RecoveryCodes({ codes, done }: { readonly codes: readonly string[]; readonly done: () => void }): JSX.Element {
  const heading = useRef<HTMLHeadingElement>(null)
  useEffect(() => heading.current?.focus(), [codes])
  return (
    <section class="wm-card wm-column" aria-labelledby="codes">
      <h2 class="govuk-heading-m" id="codes" tabIndex={-1} ref={heading}>{say('account.codes')}</h2>
      <p class="govuk-body">{say('account.codes_keep')}</p>
      <ol class="govuk-list desk-paper" dir="ltr">
        {codes.map((code) => <li key={code}><code>{code}</code></li>)}
      </ol>
      <ButtonGroup>
        <Button onClick={done}>{say('account.codes_done')}</Button>
        <Button kind="secondary" onClick={() => print()}>{say('account.codes_print')}</Button>
      </ButtonGroup>
    </section>
  )
}

/** A new password; everywhere else this person is logged out. */
export function PasswordPart({ secure }: { readonly secure: Secure }): JSX.Element {
  const [password, setPassword] = useState('')
  const [visible, setVisible] = useState(false)
  const [wrong, setWrong] = useState({ text: '', next: '', attempt: 0 })
  const tell = (text: string, next = '') => setWrong({ text, next, attempt: wrong.attempt + 1 })
  const change = async (): Promise<Secured> => {
    const told = await refusedHere(api.changePassword(password), 'password_refused', (refusal) => tell(refusal.detail || refusal.title, wordsOf(refusal).next))
    setPassword('')
    setWrong({ text: '', next: '', attempt: 0 })
    return told
  }
  const submit = (event: Event) => {
    event.preventDefault()
    setVisible(false)
    if (password === '') return tell(say('login.password_empty'))
    void secure(change, say('account.password_changed'))
  }
  return (
    <section aria-labelledby="password-part">
      <h2 class="govuk-heading-m" id="password-part">{say('account.password')}</h2>
      <form class="desk-narrow" noValidate onSubmit={submit}>
        {wrong.text !== '' && (
          <ErrorSummary title={say('app.problem')} errors={[{ field: 'new-password', text: wrong.text }]} attempt={wrong.attempt} />
        )}
        {wrong.next !== '' && <InsetText>{wrong.next}</InsetText>}
        <Input
          id="new-password"
          label={say('account.password_new')}
          hint={say('account.password_hint')}
          type={visible ? 'text' : 'password'}
          value={password}
          onInput={setPassword}
          error={wrong.text === '' ? undefined : wrong.text}
          autoComplete="new-password"
          dir="ltr"
        />
        <ButtonGroup>
          <Button submit kind="secondary">{say('account.password_change')}</Button>
          <Button kind="secondary" onClick={() => setVisible(!visible)}>
            {say(visible ? 'login.hide' : 'login.show')}
          </Button>
        </ButtonGroup>
      </form>
    </section>
  )
}

/** Told at the field rather than above the page. */
async function refusedHere<T>(asked: Promise<T>, code: string, tell: (refusal: api.Refusal) => void): Promise<T> {
  try {
    return await asked
  } catch (reason) {
    if (!(reason instanceof api.Refusal) || reason.code !== code) throw reason
    tell(reason)
    throw new ToldAlready()
  }
}

/** The person has been told at the field. */
export class ToldAlready extends Error {
  override readonly name = 'ToldAlready'
}

const inFours = (secret: string): string => secret.replace(/(.{4})(?=.)/gu, '$1 ')

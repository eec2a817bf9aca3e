import type { JSX } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { Button } from '../ui/button.tsx'
import { ErrorSummary } from '../ui/error-summary.tsx'
import { Input } from '../ui/input.tsx'
import { InsetText } from '../ui/notices.tsx'
import { LiveRegion } from '../ui/status.tsx'
import * as api from './api.ts'
import { Heading } from './heading.tsx'
import { Loading, RefusalNotice } from './notices.tsx'
import { NotShown, passkeysWork } from './passkeys.ts'
import { PasswordPart, RecoveryCodes, RecoveryPart, ToldAlready, TotpPart } from './account-parts.tsx'
import type { Secure } from './account-parts.tsx'
import { hasSecondFactor } from './session.ts'
import type { Account, Secured } from './shapes.ts'
import { absolute } from './times.ts'
import { say, sayCount } from './words.ts'

/** One's own passkeys, app, codes and password, and where else one is signed in. */
export function AccountScreen({ lacks = false }: { readonly lacks?: boolean }): JSX.Element {
  const [codes, setCodes] = useState<readonly string[]>([])
  const [account, setAccount] = useState<Account | null>(null)
  const [refusal, setRefusal] = useState<api.Refusal | null>(null)
  const [told, setTold] = useState('')

  const settle = async (ask: () => Promise<Account>, done = '') => {
    try {
      setAccount(await ask())
      setRefusal(null)
      setTold(done)
    } catch (reason) {
      if (reason instanceof ToldAlready) return setTold('')
      if (reason instanceof NotShown) return setTold(say('step_up.not_shown'))
      if (!(reason instanceof api.Refusal)) throw reason
      setRefusal(reason)
    }
  }
  /** What is set up may come with codes that are shown this once. */
  const secure = (ask: () => Promise<Secured>, done = '') =>
    settle(async () => {
      const told = await ask()
      if (told.recovery_codes.length > 0) setCodes(told.recovery_codes)
      else if (told.account.totp || told.account.passkeys.length > 0) hasSecondFactor()
      return told.account
    }, done)
  const go = () => {
    setCodes([])
    hasSecondFactor()
  }
  const load = () => settle(api.account)
  useEffect(() => void load(), [])

  return (
    <>
      <Heading>{say(lacks ? 'account.lacks_title' : 'account.title')}</Heading>
      {lacks && <p class="govuk-body">{say('account.lacks')}</p>}
      <LiveRegion>{told !== '' && <InsetText>{told}</InsetText>}</LiveRegion>
      {refusal !== null && <RefusalNotice refusal={refusal} retry={load} />}
      {account === null && refusal === null && <Loading>{say('app.loading')}</Loading>}
      {account !== null && (
        <>
          {codes.length > 0 && <RecoveryCodes codes={codes} done={go} />}
          <Passkeys account={account} settle={settle} secure={secure} />
          <TotpPart account={account} settle={settle} secure={secure} />
          {(account.totp || account.passkeys.length > 0) && <RecoveryPart account={account} secure={secure} />}
          <PasswordPart secure={secure} />
          <Sessions account={account} settle={settle} />
        </>
      )}
    </>
  )
}

type PartProps = {
  readonly account: Account
  readonly settle: (ask: () => Promise<Account>, done?: string) => Promise<void>
}

function Passkeys({ account, settle, secure }: PartProps & { readonly secure: Secure }): JSX.Element {
  const [name, setName] = useState('')
  const [attempt, setAttempt] = useState(0)
  const errors = attempt > 0 && name.trim() === '' ? [{ field: 'passkey-name', text: say('account.name_empty') }] : []
  const add = (event: Event) => {
    event.preventDefault()
    setAttempt(attempt + 1)
    if (name.trim() === '') return
    const first = account.recovery_left === 0
    void secure(() => addAndSecure(name.trim(), first), say('account.added')).then(() => {
      setName('')
      setAttempt(0)
    })
  }
  return (
    <section aria-labelledby="passkeys">
      <h2 class="govuk-heading-m" id="passkeys">{say('account.passkeys')}</h2>
      <p class="govuk-body">{say('account.what')}</p>
      {account.passkeys.length === 1 && <InsetText>{say('account.one_only')}</InsetText>}
      {account.passkeys.length > 0 && (
        <dl class="govuk-summary-list">
          {account.passkeys.map((one) => (
            <div class="govuk-summary-list__row" key={one.id}>
              <dt class="govuk-summary-list__key" dir="auto">{one.name}</dt>
              <dd class="govuk-summary-list__value">
                {one.used_at === null
                  ? say('account.unused', { when: absolute(one.made_at) })
                  : say('account.used', { when: absolute(one.used_at) })}
              </dd>
              <dd class="govuk-summary-list__actions">
                <Button
                  kind="secondary"
                  onClick={() => void settle(() => api.removePasskey(one.id), say('account.removed'))}
                >
                  {say('account.remove')}<span class="govuk-visually-hidden"> {one.name}</span>
                </Button>
              </dd>
            </div>
          ))}
        </dl>
      )}
      {passkeysWork() ? (
        <form class="desk-narrow" noValidate onSubmit={add}>
          {errors.length > 0 && <ErrorSummary title={say('app.problem')} errors={errors} attempt={attempt} />}
          <Input
            id="passkey-name"
            label={say('account.name')}
            hint={say('account.name_hint')}
            value={name}
            onInput={setName}
            error={errors[0]?.text}
            autoComplete="off"
          />
          <Button submit>{say('account.add')}</Button>
        </form>
      ) : (
        <p class="govuk-body">{say('account.no_passkeys')}</p>
      )}
    </section>
  )
}

/** Whoever has no codes on paper gets them with their first passkey: it may be lost. */
async function addAndSecure(name: string, first: boolean): Promise<Secured> {
  const account = await api.addPasskey(name)
  return first ? api.makeRecoveryCodes() : { account, recovery_codes: [] }
}

function Sessions({ account, settle }: PartProps): JSX.Element {
  const others = account.sessions.filter((one) => !one.this_one).length
  return (
    <section aria-labelledby="sessions">
      <h2 class="govuk-heading-m" id="sessions">{say('account.sessions')}</h2>
      <ul class="govuk-list">
        {account.sessions.map((one) => (
          <li key={`${one.began_at} ${one.last_seen_at}`}>
            {say(one.this_one ? 'account.session_here' : 'account.session', {
              when: absolute(one.began_at),
              seen: absolute(one.last_seen_at),
              how: say(`account.how_${one.how}`),
            })}
          </li>
        ))}
      </ul>
      {others > 0 && (
        <Button kind="warning" onClick={() => void settle(api.endOtherSessions, say('account.ended'))}>
          {sayCount('account.end_others', others)}
        </Button>
      )}
    </section>
  )
}

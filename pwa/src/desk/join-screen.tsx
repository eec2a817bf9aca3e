import type { JSX } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { Button, ButtonGroup } from '../ui/button.tsx'
import { ErrorSummary } from '../ui/error-summary.tsx'
import { Input } from '../ui/input.tsx'
import type { FieldError } from '../ui/words.ts'
import * as api from './api.ts'
import { Heading } from './heading.tsx'
import { forgetInvitation, invitationToken } from './invitation.ts'
import { Loading, RefusalNotice, wordsOf } from './notices.tsx'
import { replace } from './router.ts'
import { enterAsNew } from './session.ts'
import type { Offer } from './shapes.ts'
import { absolute } from './times.ts'
import { say, sayCode } from './words.ts'

/** Whoever follows an invitation sees who invites them to what, and chooses how to log in. */
export function JoinScreen(): JSX.Element {
  const [offer, setOffer] = useState<Offer | null>(null)
  const [refusal, setRefusal] = useState<api.Refusal | null>(null)
  const load = async () => {
    try {
      setOffer(await api.invitation(invitationToken() || '-'))
      setRefusal(null)
    } catch (reason) {
      if (!(reason instanceof api.Refusal)) throw reason
      setRefusal(reason)
    }
  }
  useEffect(() => void load(), [])
  return (
    <div class="wm-column">
      <Heading>{say('join.title')}</Heading>
      {refusal !== null && <RefusalNotice refusal={refusal} />}
      {offer === null && refusal === null && <Loading>{say('app.loading')}</Loading>}
      {offer !== null && <JoinForm offer={offer} />}
    </div>
  )
}

function JoinForm({ offer }: { readonly offer: Offer }): JSX.Element {
  const [username, setUsername] = useState('')
  const [password, setPassword] = useState('')
  const [visible, setVisible] = useState(false)
  const [busy, setBusy] = useState(false)
  const [wrong, setWrong] = useState<{ errors: readonly FieldError[]; attempt: number }>({ errors: [], attempt: 0 })
  const tell = (errors: readonly FieldError[]) => setWrong({ errors, attempt: wrong.attempt + 1 })
  const errorAt = (field: string) => wrong.errors.find((error) => error.field === field)?.text

  const submit = async (event: Event) => {
    event.preventDefault()
    setVisible(false)
    const name = username.trim().toLowerCase()
    const empty = faults(name, password)
    if (empty.length > 0) return tell(empty)
    setBusy(true)
    try {
      await enterAsNew(invitationToken(), name, password)
      forgetInvitation()
      replace({ type: 'account' })
    } catch (reason) {
      if (!(reason instanceof api.Refusal)) throw reason
      setBusy(false)
      tell([{ field: reason.code === 'username_taken' ? 'new-username' : 'join-password', text: wordsFor(reason) }])
    }
  }
  return (
    <>
      <p class="govuk-body">
        {say(offer.invited_by === '' ? 'join.by_service' : 'join.by', {
          by: offer.invited_by,
          role: sayCode('role', offer.role),
          organisation: offer.organisation,
        })}
      </p>
      <p class="govuk-body">{say('join.name', { name: offer.name })}</p>
      <p class="govuk-body">{say('join.until', { when: absolute(offer.expires_at) })}</p>
      {wrong.errors.length > 0 && (
        <ErrorSummary title={say('app.problem')} errors={wrong.errors} attempt={wrong.attempt} />
      )}
      <form class="desk-narrow" noValidate onSubmit={submit}>
        <Input
          id="new-username"
          label={say('join.username')}
          hint={say('join.username_hint')}
          value={username}
          onInput={setUsername}
          error={errorAt('new-username')}
          autoComplete="username"
          spellCheck={false}
          dir="ltr"
        />
        <Input
          id="join-password"
          label={say('account.password_new')}
          hint={say('account.password_hint')}
          type={visible ? 'text' : 'password'}
          value={password}
          onInput={setPassword}
          error={errorAt('join-password')}
          autoComplete="new-password"
          dir="ltr"
        />
        <p class="govuk-body">{say('join.next')}</p>
        <ButtonGroup>
          <Button submit busy={busy}>{say('join.submit')}</Button>
          <Button kind="secondary" onClick={() => setVisible(!visible)}>
            {say(visible ? 'login.hide' : 'login.show')}
          </Button>
        </ButtonGroup>
      </form>
    </>
  )
}

const USERNAME = /^[a-z0-9][a-z0-9._-]{2,63}$/

function faults(username: string, password: string): readonly FieldError[] {
  return [
    ...(USERNAME.test(username) ? [] : [{ field: 'new-username', text: say('join.username_wrong') }]),
    ...(password === '' ? [{ field: 'join-password', text: say('login.password_empty') }] : []),
  ]
}

function wordsFor(reason: api.Refusal): string {
  return reason.code === 'password_refused' && reason.detail !== '' ? reason.detail : wordsOf(reason).title
}

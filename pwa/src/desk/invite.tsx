import type { JSX } from 'preact'
import { useLayoutEffect, useRef, useState } from 'preact/hooks'
import { Button, ButtonGroup } from '../ui/button.tsx'
import { ErrorSummary } from '../ui/error-summary.tsx'
import { Input } from '../ui/input.tsx'
import { Radios } from '../ui/radios.tsx'
import type { FieldError } from '../ui/words.ts'
import * as api from './api.ts'
import { Group } from './field-group.tsx'
import { linkOf } from './invitation.ts'
import { RefusalNotice } from './notices.tsx'
import { absolute } from './times.ts'
import { say, sayCode } from './words.ts'

type Made = { readonly name: string; readonly link: string; readonly until: string }
type Props = { readonly roles: readonly string[]; readonly look: () => Promise<void> }

/** A name and a role, then a link for that person alone, shown once. */
export function InvitePart({ roles, look }: Props): JSX.Element {
  const [name, setName] = useState('')
  const [role, setRole] = useState('')
  const [made, setMade] = useState<Made | null>(null)
  const [refusal, setRefusal] = useState<api.Refusal | null>(null)
  const [wrong, setWrong] = useState<{ errors: readonly FieldError[]; attempt: number }>({ errors: [], attempt: 0 })
  const errorAt = (field: string) => wrong.errors.find((error) => error.field === field)?.text

  const submit = async (event: Event) => {
    event.preventDefault()
    const errors = [
      ...(name.trim() === '' ? [{ field: 'person-name', text: say('people.name_empty') }] : []),
      ...(role === '' ? [{ field: 'person-role', text: say('people.role_empty') }] : []),
    ]
    setWrong({ errors, attempt: wrong.attempt + 1 })
    if (errors.length > 0) return
    try {
      const told = await api.invite(name.trim(), role)
      setMade({ name: name.trim(), link: linkOf(told.token), until: absolute(told.expires_at) })
      setRefusal(null)
      setName('')
      setRole('')
      await look()
    } catch (reason) {
      if (!(reason instanceof api.Refusal)) throw reason
      setRefusal(reason)
    }
  }
  if (made !== null) return <Link made={made} done={() => setMade(null)} />
  return (
    <section class="wm-card wm-column" aria-labelledby="invite">
      {wrong.errors.length > 0 && (
        <ErrorSummary title={say('app.problem')} errors={wrong.errors} attempt={wrong.attempt} />
      )}
      {refusal !== null && <RefusalNotice refusal={refusal} />}
      <h2 class="govuk-heading-m" id="invite">{say('people.invite')}</h2>
      <form noValidate onSubmit={submit}>
        <Input
          id="person-name"
          label={say('people.name')}
          hint={say('people.name_hint')}
          value={name}
          onInput={setName}
          error={errorAt('person-name')}
          autoComplete="off"
          spellCheck={false}
        />
        <Group field="person-role" legend={say('people.role')} errors={wrong.errors}>
          <Radios
            name="person-role"
            value={role}
            onChange={setRole}
            options={roles.map((value) => ({ value, label: sayCode('role', value) }))}
          />
        </Group>
        <Button submit>{say('people.make')}</Button>
      </form>
    </section>
  )
}

function Link({ made, done }: { readonly made: Made; readonly done: () => void }): JSX.Element {
  const heading = useRef<HTMLHeadingElement>(null)
  const [copied, setCopied] = useState(false)
  useLayoutEffect(() => heading.current?.focus(), [])
  const copy = () => navigator.clipboard.writeText(made.link).then(() => setCopied(true), () => setCopied(false))
  return (
    <section class="wm-card wm-column" aria-labelledby="link">
      <h2 class="govuk-heading-m" id="link" tabIndex={-1} ref={heading}>{say('people.link', { name: made.name })}</h2>
      <p class="govuk-body">{say('people.link_how', { when: made.until })}</p>
      <p class="govuk-body"><code class="desk-secret desk-link" dir="ltr">{made.link}</code></p>
      <ButtonGroup>
        <Button onClick={() => void copy()}>{say('people.copy')}</Button>
        <Button kind="secondary" onClick={done}>{say('people.link_done')}</Button>
      </ButtonGroup>
      <div role="status">{copied && <p class="govuk-body">{say('people.copied')}</p>}</div>
    </section>
  )
}

import type { JSX } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { Button } from '../ui/button.tsx'
import { InsetText } from '../ui/notices.tsx'
import { LiveRegion } from '../ui/status.tsx'
import * as api from './api.ts'
import { Heading } from './heading.tsx'
import { InvitePart } from './invite.tsx'
import { Loading, RefusalNotice } from './notices.tsx'
import type { Colleague, People, User } from './shapes.ts'
import { absolute, day, localDate } from './times.ts'
import { say, sayCode } from './words.ts'

/** Who belongs to one's own place: inviting somebody, and letting somebody go. */
export function PeopleScreen({ user }: { readonly user: User }): JSX.Element {
  const [people, setPeople] = useState<People | null>(null)
  const [refusal, setRefusal] = useState<api.Refusal | null>(null)
  const [told, setTold] = useState('')
  const [leaving, setLeaving] = useState<string | null>(null)

  const settle = async (act: () => Promise<unknown>, done = '') => {
    try {
      await act()
      setPeople(await api.people())
      setRefusal(null)
      setTold(done)
      setLeaving(null)
    } catch (reason) {
      if (!(reason instanceof api.Refusal)) throw reason
      setRefusal(reason)
    }
  }
  const load = () => settle(async () => undefined)
  useEffect(() => void load(), [])

  return (
    <>
      <Heading>{say('people.title')}</Heading>
      <LiveRegion>{told !== '' && <InsetText>{told}</InsetText>}</LiveRegion>
      {refusal !== null && <RefusalNotice refusal={refusal} retry={load} />}
      {people === null && refusal === null && <Loading>{say('app.loading')}</Loading>}
      {people !== null && (
        <>
          <InvitePart roles={people.roles} look={load} />
          {people.waiting.length > 0 && (
            <section aria-labelledby="waiting">
              <h2 class="govuk-heading-m" id="waiting">{say('people.waiting')}</h2>
              <dl class="govuk-summary-list">
                {people.waiting.map((one) => (
                  <div class="govuk-summary-list__row" key={one.id}>
                    <dt class="govuk-summary-list__key" dir="auto">{one.name}</dt>
                    <dd class="govuk-summary-list__value">
                      {say('people.waits', { role: sayCode('role', one.role), when: absolute(one.expires_at) })}
                    </dd>
                    <dd class="govuk-summary-list__actions">
                      <Button
                        kind="secondary"
                        onClick={() => void settle(() => api.cancelInvitation(one.id), say('people.cancelled'))}
                      >
                        {say('people.cancel')}<span class="govuk-visually-hidden"> {one.name}</span>
                      </Button>
                    </dd>
                  </div>
                ))}
              </dl>
            </section>
          )}
          <section aria-labelledby="here">
            <h2 class="govuk-heading-m" id="here">{say('people.here')}</h2>
            <ul class="govuk-list desk-people">
              {people.people.map((one) => (
                <li class="wm-card" key={one.id}>
                  <Person
                    one={one}
                    mine={one.id === user.id}
                    mayEnd={people.roles.some((role) => role === one.role)}
                    asked={leaving === one.id}
                    ask={() => setLeaving(leaving === one.id ? null : one.id)}
                    end={() => void settle(() => api.endMembership(one.id), say('people.ended', { name: one.name }))}
                  />
                </li>
              ))}
            </ul>
          </section>
        </>
      )}
    </>
  )
}

type PersonProps = {
  readonly one: Colleague
  readonly mine: boolean
  readonly mayEnd: boolean
  readonly asked: boolean
  readonly ask: () => void
  readonly end: () => void
}

function Person({ one, mine, mayEnd, asked, ask, end }: PersonProps): JSX.Element {
  return (
    <>
      <h3 class="govuk-heading-s">
        <bdi>{one.name}</bdi>{mine && ` ${say('people.you')}`}
      </h3>
      <p class="govuk-body">
        {sayCode('role', one.role)}, {say('people.username', { username: one.username })}
        {one.since !== '' && <>, {say('people.since', { when: day(one.since) })}</>}
        {one.until !== null && <>, {say('people.until', { when: day(one.until) })}</>}
      </p>
      <p class="govuk-body desk-quiet">
        {one.last_login_on === null ? say('people.never') : say('people.last', { when: localDate(one.last_login_on) })}
        {' '}
        {say(one.passkeys > 0 ? 'people.passkey' : one.totp ? 'people.totp' : 'people.password')}
      </p>
      {mayEnd && !asked && (
        <Button kind="secondary" onClick={ask}>
          {say('people.end')}<span class="govuk-visually-hidden"> {one.name}</span>
        </Button>
      )}
      {asked && (
        <>
          <p class="govuk-body">{say('people.end_means', { name: one.name })}</p>
          <Button kind="warning" onClick={end}>{say('people.end_now')}<span class="govuk-visually-hidden"> {one.name}</span></Button>{' '}
          <Button kind="secondary" onClick={ask}>{say('step_up.cancel')}</Button>
        </>
      )}
    </>
  )
}

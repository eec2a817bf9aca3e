import type { ComponentChildren, JSX } from 'preact'
import { Mark, SkipLink } from '../ui/frame.tsx'
import { page } from './router.ts'
import { leave, lockPage } from './session.ts'
import type { Role, User } from './shapes.ts'
import { say } from './words.ts'
import type { WordKey } from './words.ts'

type Place = 'queue' | 'reviews' | 'devices' | 'people' | 'quarantine'

const PLACES: Readonly<Record<Role, readonly Place[]>> = {
  police_triage: ['queue'],
  hate_crime_coordinator: ['queue', 'people'],
  centre_worker: ['queue', 'devices'],
  centre_supervisor: ['queue', 'reviews', 'devices', 'people'],
  dpo: ['queue', 'reviews'],
  intake_custodian: ['quarantine'],
}
const ADDRESS: Readonly<Record<Place, string>> = {
  queue: '/desk',
  reviews: '/desk/reviews',
  devices: '/desk/devices',
  people: '/desk/people',
  quarantine: '/desk/quarantine',
}

/** Header, navigation and main part of every desk page. Without a user: nobody is logged in. */
export function Frame({ user, children }: { user?: User; children: ComponentChildren }): JSX.Element {
  return (
    <>
      <SkipLink>{say('app.skip')}</SkipLink>
      <header class="desk-head">
        {user?.demo === true && (
          <div class="wm-watermark"><p class="govuk-body-s desk-wide">{say('app.demo')}</p></div>
        )}
        <div class="wm-bar desk-bar">
          <div class="desk-wide wm-bar__row desk-bar__row">
            <span class="wm-bar__name"><Mark />{say('app.name')}</span>
            {user !== undefined && <WhoIsHere user={user} />}
          </div>
        </div>
        {user !== undefined && !user.lacks && <Places role={user.role} />}
      </header>
      <main class="desk-wide wm-main" id="main" tabIndex={-1}>{children}</main>
    </>
  )
}

function WhoIsHere({ user }: { user: User }): JSX.Element {
  return (
    <div class="desk-who">
      <p class="desk-who__name">
        <strong>{user.name}</strong> <span>{say(`role.${user.role}`)}</span> <span>{organisationOf(user)}</span>
      </p>
      <a class="wm-chip" href="/desk/account" aria-current={page.value.type === 'account' ? 'page' : undefined}>
        {say('header.account')}
      </a>
      <button type="button" class="wm-chip" onClick={lockPage}>{say('header.lock')}</button>
      <button type="button" class="wm-chip" onClick={() => void leave()}>
        {say(user.shared ? 'header.switch' : 'header.log_out')}
      </button>
    </div>
  )
}

function Places({ role }: { role: Role }): JSX.Element {
  const here = page.value.type
  return (
    <nav class="desk-nav" aria-label={say('header.menu')}>
      <ul class="desk-wide desk-nav__list">
        {PLACES[role].map((place) => (
          <li key={place}>
            <a class="desk-nav__link" href={ADDRESS[place]} aria-current={here === place ? 'page' : undefined}>
              {say(`header.${place}` satisfies WordKey)}
            </a>
          </li>
        ))}
      </ul>
    </nav>
  )
}

export function organisationOf(user: User): string {
  return user.centre_name ?? user.force_name ?? ''
}

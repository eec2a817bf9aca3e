import type { JSX } from 'preact'
import { Details } from '../ui/details.tsx'
import { InsetText } from '../ui/notices.tsx'
import type { OpenReport, Release, Seeable } from './report-shape.ts'
import { atCentre } from './shapes.ts'
import type { User } from './shapes.ts'
import { absolute, localDate } from './times.ts'
import { isWordKey, say, sayCode } from './words.ts'

/** What the police may see now, since when and on what ground; for its centre, every change before. */
export function ReleasePart({ report, user }: { report: OpenReport; user: User }): JSX.Element {
  const { now, versions } = report.release
  return (
    <section aria-labelledby="release">
      <h2 class="govuk-heading-m" id="release">{say(theirs(user) ? 'release.title' : 'release.title_police')}</h2>
      {now.length === 0 && <p class="govuk-body">{say('release.none')}</p>}
      {together(now).map((part) => <Part key={keyOf(part[0])} part={part} />)}
      {versions.length > 0 && (
        <Details summary={say('release.versions')}><Versions versions={versions} /></Details>
      )}
      {report.seen.length > 0 && (
        <Details summary={say('release.seen')}>
          <ul class="govuk-list govuk-list--bullet">
            {report.seen.map(({ role, on }) => (
              <li key={role + on}>{say('release.seen_line', { role: sayCode('role', role), on: localDate(on) })}</li>
            ))}
          </ul>
        </Details>
      )}
    </section>
  )
}

const theirs = (user: User): boolean => atCentre(user.role) || user.role === 'dpo'

type Together = readonly [Seeable, ...Seeable[]]
const keyOf = ({ basis, since, ground_label }: Seeable): string => `${basis} ${since} ${ground_label}`

/** What was opened at one time on one ground is told in one sentence. */
function together(now: readonly Seeable[]): readonly Together[] {
  const parts = new Map<string, Together>()
  for (const one of now) {
    const part = parts.get(keyOf(one))
    parts.set(keyOf(one), part === undefined ? [one] : [...part, one])
  }
  return [...parts.values()]
}

function Part({ part }: { part: Together }): JSX.Element {
  const [{ basis, since, ground_label, told }] = part
  const knows = `release.told_${told ?? ''}`
  return (
    <>
      <p class="govuk-body desk-last">
        {basis === 'override'
          ? say('release.override', { at: absolute(since), ground: ground_label })
          : say('release.choice', { at: absolute(since) })}
      </p>
      <ul class="govuk-list govuk-list--bullet">
        {part.map(({ group }) => <li key={group}>{sayCode('hidden', group)}</li>)}
      </ul>
      {isWordKey(knows) && <InsetText><p class="govuk-body"><strong>{say(knows)}</strong></p></InsetText>}
    </>
  )
}

function Versions({ versions }: { versions: Release['versions'] }): JSX.Element {
  return (
    <ol class="govuk-list govuk-list--number">
      {versions.map((one) => (
        <li key={one.version} value={one.version}>
          <strong>{sayCode('release_basis', one.basis)}</strong>
          {' '}
          {say('release.version', { at: absolute(one.at), by: sayCode('decided_by', one.by) })}
          {one.ground_label !== '' && <> {say('history.reason', { reason: one.ground_label })}.</>}
          <ul class="govuk-list govuk-list--bullet">
            {one.groups.map((group) => <li key={group}>{sayCode('hidden', group)}</li>)}
          </ul>
        </li>
      ))}
    </ol>
  )
}

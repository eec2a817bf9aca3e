import type { JSX } from 'preact'
import { AccountScreen } from './account-screen.tsx'
import { DevicesScreen } from './devices-screen.tsx'
import { Frame } from './frame.tsx'
import { Heading } from './heading.tsx'
import { LoginScreen } from './login-screen.tsx'
import { JoinScreen } from './join-screen.tsx'
import { LockScreen } from './lock-screen.tsx'
import { Loading, RefusalNotice } from './notices.tsx'
import { PeopleScreen } from './people-screen.tsx'
import { QuarantineScreen } from './quarantine-screen.tsx'
import { QueueScreen } from './queue-screen.tsx'
import { ReportScreen } from './report-screen.tsx'
import { ReviewsScreen } from './reviews-screen.tsx'
import { page } from './router.ts'
import type { Page } from './router.ts'
import { session, startSession } from './session.ts'
import { StepUp } from './step-up.tsx'
import { StillThere } from './still-there.tsx'
import { atCentre, keepsReports, lookingAfter } from './shapes.ts'
import type { User } from './shapes.ts'
import { say } from './words.ts'

export function App(): JSX.Element {
  const now = session.value
  switch (now.status) {
    case 'checking':
      return <Frame><Loading>{say('app.loading')}</Loading></Frame>
    case 'unreachable':
      return <Frame><RefusalNotice refusal={now.refusal} retry={startSession} /></Frame>
    case 'out':
      return <Frame>{page.value.type === 'join' ? <JoinScreen /> : <LoginScreen expired={now.expired} />}</Frame>
    case 'locked':
      return <Frame><LockScreen user={now.user} /></Frame>
    case 'in':
      return (
        <Frame user={now.user}>
          {now.user.lacks ? <AccountScreen lacks /> : <Screen user={now.user} page={page.value} />}
          <StepUp />
          <StillThere />
        </Frame>
      )
  }
}

/** What a role has no use for is a page that does not exist; the server decides again for itself. */
function Screen({ user, page: at }: { user: User; page: Page }): JSX.Element {
  if (at.type === 'account') return <AccountScreen />
  if (at.type === 'join') return <JoinScreen />
  const custodian = user.role === 'intake_custodian'
  if (custodian) return at.type === 'quarantine' || at.type === 'queue' ? <QuarantineScreen /> : <NoSuchPage />
  switch (at.type) {
    case 'queue':
      return <QueueScreen filters={at.filters} cursor={at.cursor} user={user} />
    case 'report':
      return <ReportScreen key={at.id} id={at.id} act={at.act} user={user} />
    case 'devices':
      return atCentre(user.role) ? <DevicesScreen /> : <NoSuchPage />
    case 'reviews':
      return keepsReports(user.role) ? <ReviewsScreen erased={at.erased} /> : <NoSuchPage />
    case 'people':
      return lookingAfter(user.role) ? <PeopleScreen user={user} /> : <NoSuchPage />
    case 'quarantine':
    case 'unknown':
      return <NoSuchPage />
  }
}

function NoSuchPage(): JSX.Element {
  return (
    <>
      <Heading>{say('unknown.title')}</Heading>
      <p class="govuk-body">{say('unknown.next')}</p>
      <p class="govuk-body desk-alone"><a class="govuk-link" href="/desk">{say('app.back_to_queue')}</a></p>
    </>
  )
}

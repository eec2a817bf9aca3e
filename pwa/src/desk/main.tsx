/** The desk's entry. Nothing here is part of the reporter's bundle. */

import '../ui/styles.scss'
import './desk.scss'
import { render } from 'preact'
import { App } from './app.tsx'
import { takeInvitation } from './invitation.ts'
import { startRouter } from './router.ts'
import { followTabs, startSession } from './session.ts'
import { startAsking } from './step-up.tsx'
import { startWatching } from './watch.ts'

const root = document.getElementById('app')
if (root === null) throw new Error('desk.html has no #app')

// A page that Back brings out of the browser's memory would still show a report after log-out.
addEventListener('pageshow', (event) => {
  if (event.persisted) location.reload()
})

takeInvitation()
startRouter()
followTabs()
startAsking()
startWatching()
render(<App />, root)
void startSession()

/**
 * The report app starts: the first page from what is already here, then the outbox and the service worker,
 * which nothing on the first page waits for.
 */

import '../ui/styles.scss'
import { render } from 'preact'
import { preferredLanguage, setLanguage } from '../i18n/index.ts'
import { start } from '../sync/index.ts'
import { openAddress } from './address.ts'
import { App } from './app.tsx'
import { watchBackButton } from './back-button.ts'
import { fetchAhead } from './pages.ts'
import { goAway, leftBefore, watchForExit } from './quick-exit.ts'

watchForExit()
if (leftBefore()) goAway()
else void open()

async function open(): Promise<void> {
  const wanted = preferredLanguage(navigator.languages)
  if (wanted !== 'en') await setLanguage(wanted)
  const root = document.getElementById('app')
  if (root === null) return
  openAddress(location)
  render(<App />, root)
  watchBackButton()
  // Two frames: the first page is on the screen before anything else is fetched.
  requestAnimationFrame(() => requestAnimationFrame(() => void Promise.allSettled([start(), fetchAhead()])))
}


import { useEffect, useRef } from 'preact/hooks'
import { language, LANGUAGES, setLanguage, t } from '../i18n/index.ts'
import { applyUpdate, cards, device, status } from '../sync/index.ts'
import { Button, LinkButton } from '../ui/button.tsx'
import { Footer, Header, Main, SkipLink } from '../ui/frame.tsx'
import { LanguageNavigation } from '../ui/language-navigation.tsx'
import { NotificationBanner, Watermark } from '../ui/notices.tsx'
import { leaveAddress } from './address.ts'
import { Announcements } from './announcements.tsx'
import { CheckPage } from './check-page.tsx'
import { ensureCode } from './code.ts'
import { EndOfLifeNotice } from './end-of-life.tsx'
import { inProgress, open, skip, stepNumber, view } from './flow.ts'
import { step } from './graph.ts'
import { Guarded } from './guarded.tsx'
import { Later } from './later.tsx'
import { LimitsPage } from './limits-page.tsx'
import * as pages from './pages.ts'
import { exitNow } from './quick-exit.ts'
import { centre, demonstration, findCentre } from './receiving.ts'
import { StartPage } from './start-page.tsx'
import { StepPage } from './step-page.tsx'
import { titled } from './title.ts'

export function App() {
  useNewPage()
  return (
    <>
      <SkipLink>{t('app.skip')}</SkipLink>
      <Header name={t('app.name')}>
        <SavedChip />
        <Button kind="warning" className="wm-exit" onClick={exitNow}>
          {t('exit.button')}
        </Button>
      </Header>
      {demonstration.value && <Watermark>{t('app.demo')}</Watermark>}
      {!language().checked && <Watermark label={t('app.language')}>{t('app.unchecked')}</Watermark>}
      <Main>
        {view.value.type === 'start' && <Languages />}
        <Notices />
        <Guarded>
          <Page />
        </Guarded>
      </Main>
      <Announcements />
      <Foot />
    </>
  )
}

function Page() {
  const now = view.value
  switch (now.type) {
    case 'start':
      return <StartPage />
    case 'step':
      return <StepOf id={now.id} />
    case 'check':
      return <CheckPage />
    case 'saved':
      return <Later key="saved" page={pages.saved} given={{ finished: now.finished }} />
    case 'outbox':
      return <Later key="outbox" page={pages.outbox} given={{}} />
    case 'custody':
      return <Later key="custody" page={pages.custody} given={{}} />
    case 'enrol':
      return <Later key="enrol" page={pages.enrol} given={{}} />
    case 'return':
      return <Later key="return" page={pages.returning} given={{}} />
    case 'verify':
      return <Later key="verify" page={pages.verify} given={{}} />
  }
}

function StepOf({ id }: { readonly id: string }) {
  if (id === 'limits') return <LimitsPage />
  if (id !== 'pictures') return <StepPage key={id} id={id} />
  return (
    <Later
      key={id}
      page={pages.pictures}
      given={{}}
      otherwise={<Button onClick={() => skip(step(id))}>{t('nav.skip')}</Button>}
    />
  )
}

/** A new page begins at its top, with focus on its heading, and has its own title. */
function useNewPage(): void {
  const now = view.value
  const first = useRef(true)
  const { code, dir } = language()
  useEffect(() => {
    document.documentElement.lang = code
    document.documentElement.dir = dir
  }, [code, dir])
  useEffect(titled, [now, code])
  useEffect(() => {
    // From the second step on: on the first page nothing may start the store.
    if (!inProgress.peek() || stepNumber() <= 1) return
    if (centre.peek() === null) void findCentre()
    ensureCode()
  }, [now])
  useEffect(() => leaveAddress(now.type), [now.type])
  useEffect(() => {
    if (!first.current) {
      scrollTo(0, 0)
      document.querySelector<HTMLElement>('main h1')?.focus({ preventScroll: true })
    }
    first.current = false
  }, [now])
}

function SavedChip() {
  const count = cards.value.length
  if (count === 0) return null
  return (
    <button type="button" class="wm-chip" onClick={() => open('outbox')}>
      {t('app.saved_count', { count })}
      <span class="govuk-visually-hidden"> {t('app.saved_open')}</span>
    </button>
  )
}

/** An update reloads the page: offered only where nothing is typed and no code stands that is shown just once. */
function Notices() {
  return (
    <>
      {status.value.storageFault !== null && !inProgress.value && (
        <NotificationBanner id="storage" title={t('app.important')}>
          <p class="govuk-body">{t('app.storage_fault')}</p>
        </NotificationBanner>
      )}
      {status.value.endOfLife !== null && device.value?.mode === 'centre' && view.value.type === 'start' && (
        <EndOfLifeNotice told={status.value.endOfLife} />
      )}
      {status.value.updateReady && view.value.type === 'start' && (
        <NotificationBanner id="update" title={t('app.update_title')}>
          <p class="govuk-body">{t('app.update_text')}</p>
          <Button onClick={() => void applyUpdate()}>{t('app.update_button')}</Button>
        </NotificationBanner>
      )}
    </>
  )
}

/** At the top of the first page, where it is looked for; below on every other one. */
function Languages() {
  return (
    <LanguageNavigation
      label={t('app.language')}
      current={language().code}
      options={LANGUAGES}
      onChoose={(code) => void setLanguage(code)}
    />
  )
}

function Foot() {
  const own = device.value
  return (
    <Footer>
      {view.value.type !== 'start' && <Languages />}
      <span class="govuk-body-s" role="status">
        {t(status.value.offlineReady ? 'app.offline_ready' : 'app.offline_loading')}
      </span>
      {own?.mode === 'centre' ? (
        <>
          <span class="govuk-body-s">{own.outOfService === null ? t('app.tablet_of', { centre: own.centreName }) : t('out.heading')}</span>
          {!inProgress.value && <LinkButton onClick={() => open('custody')}>{t('custody.link')}</LinkButton>}
          {!inProgress.value && (own.outOfService === 'done' || own.outOfService === 'by_time') && <LinkButton onClick={() => open('enrol')}>{t('enrol.link')}</LinkButton>}
        </>
      ) : (
        !inProgress.value && <LinkButton onClick={() => open('enrol')}>{t('enrol.link')}</LinkButton>
      )}
    </Footer>
  )
}

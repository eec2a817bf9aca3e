/**
 * "Tell me when there is an answer." Never asked of anybody on their own phone: there it lies closed below
 * everything else, beside the safer way. The browser's question comes only after a press on the button.
 */

import { useState } from 'preact/hooks'
import { type MessageKey, language, t } from '../i18n/index.ts'
import { knocks, type TurnedOn, turnOffKnocks, turnOnKnocks } from '../sync/index.ts'
import { Button } from '../ui/button.tsx'
import { Details } from '../ui/details.tsx'
import { LiveRegion } from '../ui/status.tsx'
import type { KnockProps } from './knock-later.tsx'

export function Knock({ of }: KnockProps) {
  switch (of) {
    case 'person':
      return (
        <Details summary={t('knock.details')}>
          <p class="govuk-body">{t('knock.seen')}</p>
          <p class="govuk-body">{t('knock.watched')}</p>
          <p class="govuk-body">{t('knock.safer')}</p>
          <What />
          <Switch />
        </Details>
      )
    case 'tablet':
      return (
        <section>
          <h2 class="govuk-heading-m">{t('knock.tablet')}</h2>
          <What />
          <Switch />
        </section>
      )
    case 'list':
      return knocks.value === 'on' ? (
        <section>
          <h2 class="govuk-heading-m">{t('knock.list')}</h2>
          <Switch />
        </section>
      ) : null
  }
}

/** What it shows, and who learns what from it. */
function What() {
  return (
    <>
      <p class="govuk-body">{t('knock.what', { notice: t('knock.notice') })}</p>
      <p class="govuk-body">{t('knock.learn')}</p>
    </>
  )
}

const FAILED: Readonly<Record<Exclude<TurnedOn, 'on' | 'denied' | 'unsupported'>, MessageKey>> = {
  not_now: 'knock.not_now',
  no_connection: 'knock.no_connection',
  not_here: 'knock.not_here',
}

function Switch() {
  const [busy, setBusy] = useState(false)
  const [failed, setFailed] = useState<MessageKey | null>(null)
  const state = knocks.value
  const press = async () => {
    setBusy(true)
    setFailed(null)
    try {
      if (state === 'on') await turnOffKnocks()
      else setFailed(failure(await turnOnKnocks(notice())))
    } catch {
      setFailed('knock.no_connection')
    }
    setBusy(false)
  }
  return (
    <>
      <LiveRegion>
        {state !== 'off' && <p class="govuk-body">{t(`knock.${state}`)}</p>}
        {failed !== null && <p class="govuk-body">{t(failed)}</p>}
      </LiveRegion>
      {(state === 'on' || state === 'off') && (
        <Button kind="secondary" busy={busy} onClick={() => void press()}>
          {t(state === 'on' ? 'knock.turn_off' : 'knock.turn_on')}
        </Button>
      )}
    </>
  )
}

function failure(turned: TurnedOn): MessageKey | null {
  return turned === 'on' || turned === 'denied' || turned === 'unsupported' ? null : FAILED[turned]
}

/** The same words for everything, in the language of who turned it on. */
function notice() {
  const { code, dir } = language()
  return { title: t('app.name'), text: t('knock.notice'), lang: code, dir }
}

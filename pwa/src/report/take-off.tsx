import { useEffect, useRef, useState } from 'preact/hooks'
import { t } from '../i18n/index.ts'
import { forgetSent } from '../sync/index.ts'
import { Button, ButtonGroup } from '../ui/button.tsx'

/**
 * For a phone that somebody else looks at: what was sent is taken out of its list, with the answers. Asks once,
 * because from then on only the return code opens them.
 */
export function TakeOff({ onDone }: { readonly onDone: () => void }) {
  const [asking, setAsking] = useState(false)
  const box = useRef<HTMLElement>(null)
  const used = useRef(false)
  useEffect(() => {
    if (used.current) box.current?.querySelector<HTMLElement>(asking ? '[tabindex]' : 'button')?.focus()
  }, [asking])
  const ask = (now: boolean) => {
    used.current = true
    setAsking(now)
  }
  const takeOff = () => void forgetSent().then(onDone, () => ask(false))
  return (
    <section ref={box} aria-labelledby="take-off">
      <h2 class="govuk-heading-m" id="take-off">
        {t('take_off.heading')}
      </h2>
      <p class="govuk-body">{t('take_off.seen')}</p>
      <p class="govuk-body">{t('take_off.what')}</p>
      {!asking && (
        <Button kind="secondary" onClick={() => ask(true)}>
          {t('take_off.button')}
        </Button>
      )}
      {asking && (
        <>
          <p class="govuk-body wm-strong" tabIndex={-1}>
            {t('take_off.ask')}
          </p>
          <ButtonGroup>
            <Button onClick={takeOff}>{t('take_off.yes')}</Button>
            <Button kind="secondary" onClick={() => ask(false)}>
              {t('take_off.no')}
            </Button>
          </ButtonGroup>
        </>
      )}
    </section>
  )
}

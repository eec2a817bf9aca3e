import { useEffect } from 'preact/hooks'
import { language, t } from '../i18n/index.ts'
import { device } from '../sync/index.ts'
import { Button, LinkButton } from '../ui/button.tsx'
import { LiveRegion } from '../ui/status.tsx'
import { chooseForm, code, ensureCode } from './code.ts'
import { printCard } from './print-card.tsx'
import { isNumber, ShownCode } from './shown-code.tsx'

/** On the check page, before the report is sealed. It asks nothing: the code is there, to be kept or not. */
export function CodeToBe() {
  const now = code.value
  useEffect(ensureCode, [language().code])
  return (
    <section aria-labelledby="return-code">
      <h2 class="govuk-heading-m" id="return-code">
        {t('code.heading')}
      </h2>
      <p class="govuk-body">{t(now.state === 'failed' ? 'code.failed' : 'code.what')}</p>
      {now.state !== 'failed' && (
        <>
          <LiveRegion>
            {now.state === 'ready' ? <ShownCode code={now.code} /> : <p class="govuk-body">{t('code.making')}</p>}
          </LiveRegion>
          <p class="govuk-body">{t(tablet() ? 'code.keep_tablet' : 'code.keep')}</p>
          {now.state === 'ready' && <OtherForm digits={isNumber(now.code)} />}
        </>
      )}
    </section>
  )
}

function OtherForm({ digits }: { readonly digits: boolean }) {
  return (
    <>
      <Button kind="secondary" onClick={() => chooseForm(digits ? 'words' : 'digits')}>
        {t(digits ? 'code.use_words' : 'code.use_digits')}
      </Button>
      <p class="govuk-hint">{t(digits ? 'code.words_hint' : 'code.digits_hint')}</p>
    </>
  )
}

type CodeToKeepProps = { readonly code: string; readonly onHide: () => void }

/** On the saved page: the last time that it is shown. */
export function CodeToKeep({ code: shown, onHide }: CodeToKeepProps) {
  return (
    <section aria-labelledby="return-code">
      <h2 class="govuk-heading-m" id="return-code">
        {t('code.heading')}
      </h2>
      <p class="govuk-body">{t(tablet() ? 'code.hand_over' : 'code.write_down')}</p>
      <ShownCode code={shown} />
      <p class="govuk-body">
        {t('code.where')} <strong dir="ltr">{`${location.host}/return`}</strong>
      </p>
      <ul class="govuk-list govuk-list--bullet">
        <li>{t('code.only_way')}</li>
        <li>{t('code.lost')}</li>
        <li>{t('code.hidden_place')}</li>
        <li>{t('code.no_notice')}</li>
      </ul>
      <Button kind="secondary" onClick={() => printCard(shown)}>
        {t('code.print')}
      </Button>
      <p class="govuk-body">
        <LinkButton onClick={onHide}>{t('code.hide')}</LinkButton>
      </p>
    </section>
  )
}

function tablet(): boolean {
  return device.value?.mode === 'centre'
}

import { leftToRight, t } from '../i18n/index.ts'
import { device, type Suggestion } from '../sync/index.ts'
import { Details } from '../ui/details.tsx'
import { Tag } from '../ui/status.tsx'
import { Phone } from './service-phone.tsx'
import { languagesWords, openingWords, waysWords, whyWords } from './service-words.ts'

/** Who can help now, and why we think so. What nobody has checked is shown as a name and nothing else. */
export function Services({ services }: { readonly services: readonly Suggestion[] }) {
  const own = t(device.value?.mode === 'centre' ? 'services.device_tablet' : 'services.device_phone')
  return (
    <section aria-labelledby="help">
      <h2 class="govuk-heading-m" id="help">
        {t('saved.help')}
      </h2>
      {services.length === 0 && <p class="govuk-body">{t('saved.help_none')}</p>}
      {services.length > 0 && <p class="govuk-body">{t('services.chosen_here', { device: own })}</p>}
      {services.map((each) => (
        <Card key={each.service.id} suggestion={each} />
      ))}
      {services.some(({ service }) => service.phone !== null) && <p class="govuk-body-s">{t('services.history')}</p>}
      {services.some(({ service }) => service.hours.length > 0) && <p class="govuk-body-s">{t('services.holidays')}</p>}
    </section>
  )
}

function Card({ suggestion: { service, reasons } }: { readonly suggestion: Suggestion }) {
  const checked = service.demo || service.verified
  return (
    <article class="wm-card">
      <div class="wm-card__head">
        <h3 class="govuk-heading-s" dir="auto">
          {service.name}
        </h3>
        <Opening words={openingWords(reasons)} open={reasons.some(({ code }) => code.startsWith('open_'))} />
      </div>
      {checked && (
        <p class="govuk-body" dir="auto">
          {service.description}
        </p>
      )}
      {service.phone !== null && <Phone name={service.name} phone={service.phone} />}
      {checked && [waysWords(service), languagesWords(service)].map((words) => words !== '' && <p class="govuk-body-s">{words}</p>)}
      {checked ? <Why words={whyWords(reasons)} /> : <p class="govuk-body">{t('services.look_up')}</p>}
      {service.url !== '' && <Website url={service.url} />}
      {service.demo && (
        <p>
          <Tag colour="yellow">{t('services.demo')}</Tag>
        </p>
      )}
      {!checked && (
        <p>
          <Tag colour="yellow">{t('services.unchecked')}</Tag>
        </p>
      )}
    </article>
  )
}

function Opening({ words, open }: { readonly words: string; readonly open: boolean }) {
  if (words === '') return null
  return open ? <Tag>{words}</Tag> : <p class="govuk-body-s">{words}</p>
}

function Why({ words }: { readonly words: readonly string[] }) {
  return (
    <>
      <h4 class="govuk-body-s wm-strong">{t('services.reasons')}</h4>
      <ul class="govuk-list govuk-list--bullet">
        {words.map((each) => (
          <li key={each}>{each}</li>
        ))}
      </ul>
    </>
  )
}

/** The history of a browser tells who looks at it: said before the link can be followed. */
function Website({ url }: { readonly url: string }) {
  return (
    <Details summary={t('services.website')}>
      <p class="govuk-body">{t('services.website_history')}</p>
      <p class="govuk-body">
        <a class="govuk-link" href={url} target="_blank" rel="noopener noreferrer">
          {t('services.website_open')}
        </a>
      </p>
      <p class="govuk-body-s">{leftToRight(url)}</p>
    </Details>
  )
}

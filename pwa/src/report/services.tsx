import { leftToRight, t } from '../i18n/index.ts'
import type { ServiceSuggestion } from '../sync/index.ts'
import { Tag } from '../ui/status.tsx'

/** Who can help now. A real organisation whose details nobody has checked is shown without any. */
export function Services({ services }: { readonly services: readonly ServiceSuggestion[] }) {
  return (
    <section aria-labelledby="help">
      <h2 class="govuk-heading-m" id="help">
        {t('saved.help')}
      </h2>
      {services.length === 0 && <p class="govuk-body">{t('saved.help_none')}</p>}
      {services.map((service) => (
        <Service key={service.id} service={service} />
      ))}
      {services.some((service) => service.phone !== null) && <p class="govuk-body-s">{t('services.history')}</p>}
    </section>
  )
}

function Service({ service }: { readonly service: ServiceSuggestion }) {
  return (
    <article class="wm-card">
      <div class="wm-card__head">
        <h3 class="govuk-heading-s" dir="auto">
          {service.name}
        </h3>
        {service.openNow && <Tag>{t('services.open_now')}</Tag>}
      </div>
      <p class="govuk-body" dir="auto">
        {service.description}
      </p>
      {service.phone !== null && (
        <p class="govuk-body wm-strong">{t('services.phone', { phone: leftToRight(service.phone) })}</p>
      )}
      {service.phone !== null && <p class="govuk-body">{hours(service)}</p>}
      <p class="govuk-body-s">{t('services.why', { why: why(service) })}</p>
      <p>
        <Tag colour="yellow">{t(service.demo ? 'services.demo' : 'services.unchecked')}</Tag>
      </p>
    </article>
  )
}

function hours({ today }: ServiceSuggestion): string {
  return today === null ? t('services.closed') : t('services.hours', { opens: today.opens, closes: today.closes })
}

function why({ why: reasons }: ServiceSuggestion): string {
  return reasons
    .map((reason) => t(`services.why_${reason}`))
    .reduce((first, second) => t('services.and', { first, second }))
}

import { dateTime, isKey, leftToRight, t } from '../i18n/index.ts'
import type { FeedMessage, SaidMore, SignpostedService } from '../sync/index.ts'

const SHOWN_KINDS: ReadonlySet<string> = new Set(['ack', 'message', 'status', 'signpost', 'needs_attention'])

/** Reasons that make sense as they are; others name something that their code alone does not say. */
const STANDING: ReadonlySet<string> = new Set([
  'all_strands',
  'by_and_for',
  'language_other',
  'interpreter',
  'local',
  'regional',
  'national',
  'never_tells_police',
])

type MessagesProps = {
  readonly messages: readonly FeedMessage[]
  /** Level of the heading that they stand below. */
  readonly below: 1 | 2
}

/** What came back from people, newest last. Kinds of a newer service are kept, and shown once this app knows them. */
export function Messages({ messages, below }: MessagesProps) {
  const Heading = below === 1 ? 'h2' : 'h3' // one level under the heading they stand below
  const shown = current(messages)
  if (shown.length === 0) return null
  return (
    <>
      <Heading class="govuk-heading-s">{t('outbox.messages')}</Heading>
      {shown.map((message) => (
        <div key={message.id} class="govuk-inset-text">
          {message.asks && <p class="govuk-body wm-strong">{t('messages.asks')}</p>}
          <p class="govuk-body" dir="auto">
            {message.text || t(message.kind === 'signpost' ? 'messages.help' : 'outbox.unreadable')}
          </p>
          {message.services.map((service) => (
            <Signpost key={service.id} service={service} />
          ))}
          <p class="govuk-body-s">
            {t('outbox.from', { name: message.fromName || t('app.name'), when: dateTime(new Date(message.at)) })}
          </p>
        </div>
      ))}
    </>
  )
}

/** A later list of services replaces an earlier one. */
function current(messages: readonly FeedMessage[]): readonly FeedMessage[] {
  const last = messages.filter((message) => message.kind === 'signpost').at(-1)
  return messages.filter(({ id, kind }) => SHOWN_KINDS.has(kind) && (kind !== 'signpost' || id === last?.id))
}

/** As it was when it was suggested: no directory is needed to read it. */
function Signpost({ service }: { readonly service: SignpostedService }) {
  const why = (service.why ?? []).filter((code) => STANDING.has(code)).map((code) => `services.why_${code}`).filter(isKey)
  return (
    <div class="wm-signpost">
      <p class="govuk-body wm-strong" dir="auto">
        {service.name}
      </p>
      {service.description && (
        <p class="govuk-body" dir="auto">
          {service.description}
        </p>
      )}
      {service.phone && <p class="govuk-body">{t('services.phone', { phone: leftToRight(service.phone) })}</p>}
      {service.url && (
        <p class="govuk-body" dir="ltr">
          {service.url}
        </p>
      )}
      {why.map((key) => (
        <p key={key} class="govuk-body-s">
          {t(key)}
        </p>
      ))}
    </div>
  )
}

/** What was written from here: when, and how far it has got. Its words are sealed. */
export function Said({ said }: { readonly said: readonly SaidMore[] }) {
  if (said.length === 0) return null
  return (
    <ul class="govuk-list govuk-body-s">
      {said.map((each) => (
        <li key={each.itemId}>{t(`said_more.${each.state}`, { when: dateTime(new Date(each.at)) })}</li>
      ))}
    </ul>
  )
}

import type { JSX } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { InsetText, NotificationBanner } from '../ui/notices.tsx'
import * as api from './api.ts'
import { Heading } from './heading.tsx'
import { Loading, RefusalNotice } from './notices.tsx'
import { addressOf } from './router.ts'
import type { Reviews } from './shapes.ts'
import { day } from './times.ts'
import { say, sayCount } from './words.ts'

/** Closed reports of which it is time to say whether they are still needed: the longest due first. */
export function ReviewsScreen({ erased }: { readonly erased: boolean }): JSX.Element {
  const [shown, setShown] = useState<Reviews | null>(null)
  const [refusal, setRefusal] = useState<api.Refusal | null>(null)
  const load = async () => {
    try {
      setShown(await api.reviews())
      setRefusal(null)
    } catch (reason) {
      if (!(reason instanceof api.Refusal)) throw reason
      setRefusal(reason)
    }
  }
  useEffect(() => void load(), [])
  return (
    <>
      {erased && (
        <NotificationBanner id="erased" title={say('ack.success')} success takesFocus>
          <p class="govuk-notification-banner__heading">{say('done.confirm_erasure')}</p>
        </NotificationBanner>
      )}
      <Heading>{say('reviews.title')}</Heading>
      <p class="govuk-body">{say('reviews.what')}</p>
      {refusal !== null && <RefusalNotice refusal={refusal} retry={load} />}
      {shown === null && refusal === null && <Loading>{say('app.loading')}</Loading>}
      {shown !== null && (
        <>
          {shown.erases_after_days !== null && (
            <InsetText><p class="govuk-body">{sayCount('reviews.by_itself', shown.erases_after_days)}</p></InsetText>
          )}
          {shown.reviews.length === 0 && <p class="govuk-body">{say('reviews.none')}</p>}
          <ul class="govuk-list desk-people">
            {shown.reviews.map((one) => (
              <li class="wm-card" key={one.id}>
                <h2 class="govuk-heading-s">
                  <a class="govuk-link" href={addressOf({ type: 'report', id: one.id, act: null })}>
                    {say('report.heading', { reference: one.reference })}
                  </a>
                </h2>
                <p class="govuk-body desk-last">
                  {say('reviews.line', { closed: day(one.closed_at), due: day(one.review_at) })}
                  {one.kept_for !== '' && ` ${say('reviews.kept', { reason: one.kept_for })}`}
                  {one.held && ` ${say('reviews.held')}`}
                  {one.erasure_asked && ` ${say('reviews.asked')}`}
                </p>
              </li>
            ))}
          </ul>
          {shown.more && <p class="govuk-body">{say('reviews.more')}</p>}
        </>
      )}
    </>
  )
}

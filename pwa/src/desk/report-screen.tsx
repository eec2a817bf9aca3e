import type { JSX } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { AcknowledgePart } from './acknowledge.tsx'
import { AnswersPart } from './answers.tsx'
import * as api from './api.ts'
import { ContactCard } from './contact-card.tsx'
import { Heading } from './heading.tsx'
import { HistoryPart } from './history.tsx'
import { Loading, RefusalNotice } from './notices.tsx'
import type { OpenReport } from './report-shape.ts'
import type { User } from './shapes.ts'
import { TakePart } from './take.tsx'
import { say } from './words.ts'

type Shown =
  | { readonly status: 'loading' }
  | { readonly status: 'failed'; readonly refusal: api.Refusal }
  | { readonly status: 'open'; readonly report: OpenReport }

/** One report: how to reach the person before anything else, then what they said, then what was done. */
export function ReportScreen({ id, user }: { id: string; user: User }): JSX.Element {
  const [shown, setShown] = useState<Shown>({ status: 'loading' })
  const reload = () => open(id).then(setShown)
  useEffect(() => {
    let left = false
    void open(id).then((opened) => left || setShown(opened))
    return () => {
      left = true
    }
  }, [id])

  return (
    <>
      <p class="desk-back"><a class="govuk-link" href="/desk">{say('app.back_to_queue')}</a></p>
      {shown.status === 'loading' && <Loading>{say('report.loading')}</Loading>}
      {shown.status === 'failed' && <NotOpened refusal={shown.refusal} retry={reload} />}
      {shown.status === 'open' && <Opened report={shown.report} user={user} reload={reload} />}
    </>
  )
}

async function open(id: string): Promise<Shown> {
  try {
    return { status: 'open', report: await api.report(id) }
  } catch (error) {
    if (!(error instanceof api.Refusal)) throw error
    return { status: 'failed', refusal: error }
  }
}

/** "It never existed" and "you may not see it" are the same page, word for word. */
function NotOpened({ refusal, retry }: { refusal: api.Refusal; retry: () => unknown }): JSX.Element {
  if (refusal.status !== 404) {
    return (
      <>
        <Heading>{say('report.title')}</Heading>
        <RefusalNotice refusal={refusal} retry={retry} />
      </>
    )
  }
  return (
    <>
      <Heading title={say('report.title')}>{say('report.not_found')}</Heading>
      <p class="govuk-body">{say('report.not_found_next')}</p>
    </>
  )
}

type OpenedProps = { readonly report: OpenReport; readonly user: User; readonly reload: () => Promise<void> }

function Opened({ report, user, reload }: OpenedProps): JSX.Element {
  return (
    <>
      <Heading title={say('report.title')}>{say('report.heading', { reference: report.head.reference })}</Heading>
      <ContactCard report={report} role={user.role} />
      <TakePart report={report} user={user} reload={reload} />
      <div class="desk-columns">
        <div>
          <AnswersPart report={report} />
        </div>
        <div>
          <AcknowledgePart report={report} user={user} reload={reload} />
          <HistoryPart history={report.history} />
        </div>
      </div>
    </>
  )
}

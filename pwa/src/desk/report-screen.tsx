import type { JSX } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import type { ActName } from './act-names.ts'
import { ActsPart } from './acts-part.tsx'
import { AnswersPart } from './answers.tsx'
import * as api from './api.ts'
import { ContactCard } from './contact-card.tsx'
import { organisationOf } from './frame.tsx'
import { Heading } from './heading.tsx'
import { HistoryPart } from './history.tsx'
import { Loading, RefusalNotice } from './notices.tsx'
import { ReleasePart } from './release-part.tsx'
import { uncovered } from './report-shape.ts'
import type { OpenReport } from './report-shape.ts'
import { listAddress } from './router.ts'
import type { User } from './shapes.ts'
import { absolute } from './times.ts'
import { say } from './words.ts'

type Shown =
  | { readonly status: 'loading' }
  | { readonly status: 'failed'; readonly refusal: api.Refusal }
  | { readonly status: 'open'; readonly report: OpenReport }

type ScreenProps = { readonly id: string; readonly act: ActName | null; readonly user: User }

/** One report: how to reach the person before anything else, then what they said, then what was done. */
export function ReportScreen({ id, act, user }: ScreenProps): JSX.Element {
  const [shown, setShown] = useState<Shown>({ status: 'loading' })
  const reload = async () => {
    const opened = await open(id)
    setShown(opened)
    return opened.status === 'open' ? opened.report : null
  }
  useEffect(() => {
    let left = false
    void open(id).then((opened) => left || setShown(opened))
    return () => {
      left = true
    }
  }, [id])

  return (
    <>
      <p class="desk-back"><a class="govuk-link" href={listAddress()}>{say('app.back_to_queue')}</a></p>
      {shown.status === 'loading' && <Loading>{say('report.loading')}</Loading>}
      {shown.status === 'failed' && <NotOpened refusal={shown.refusal} retry={reload} />}
      {shown.status === 'open' && (
        <Opened report={shown.report} act={act} user={user} reload={reload} show={(report) => setShown({ status: 'open', report })} />
      )}
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

type OpenedProps = {
  readonly report: OpenReport
  readonly act: ActName | null
  readonly user: User
  readonly reload: () => Promise<OpenReport | null>
  readonly show: (report: OpenReport) => void
}

function Opened({ report, act, user, reload, show }: OpenedProps): JSX.Element {
  const { offeredTo } = report
  return (
    <>
      <p class="desk-print">
        {say('report.printed', {
          at: absolute(new Date(api.serverNowMs()).toISOString()),
          who: user.name,
          organisation: organisationOf(user),
        })}
      </p>
      <Heading title={say('report.title')}>{say('report.heading', { reference: report.head.reference })}</Heading>
      <ContactCard report={report} role={user.role} />
      {offeredTo !== null && (
        <p class="govuk-inset-text">
          {say('report.offered', { force: offeredTo.force_name, until: absolute(offeredTo.until) })}
        </p>
      )}
      <p class="desk-jump desk-alone"><a class="govuk-link" href="#acts">{say('acts.jump')}</a></p>
      <div class="desk-columns">
        <div class="desk-columns__read">
          <AnswersPart report={report} />
          <ReleasePart report={report} user={user} />
          <HistoryPart history={report.history} />
        </div>
        <ActsPart
          report={report}
          user={user}
          act={act}
          reload={reload}
          uncover={(groups, answers) => show(uncovered(report, groups, answers))}
        />
      </div>
    </>
  )
}

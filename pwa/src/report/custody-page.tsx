import { useEffect, useState } from 'preact/hooks'
import { dateTime, leftToRight, t } from '../i18n/index.ts'
import { cards, type Custody, custody as readCustody, type CustodyState, device, status } from '../sync/index.ts'
import { BackLink } from '../ui/back-link.tsx'
import { InsetText, WarningText } from '../ui/notices.tsx'
import { SummaryList, type SummaryRow } from '../ui/summary-list.tsx'
import { age } from './age.ts'
import { adviceFor } from './custody-advice.ts'
import { endOfLifeText } from './end-of-life.tsx'
import { back } from './flow.ts'
import { LockNotice } from './lock-notice.tsx'
import { SealedCopy } from './sealed-copy.tsx'
import { SendNow } from './send-now.tsx'

const STATES: readonly CustodyState[] = ['person', 'waits', 'again', 'kept', 'answered']
const MEGABYTE = 1_000_000

/** What this device answers for. Never a word of a report: references, states and times. */
export function CustodyPage() {
  const custody = useCustody()
  const own = device.value
  return (
    <div class="wm-column">
      <BackLink onClick={back}>{t('nav.back')}</BackLink>
      <h1 class="govuk-heading-l" tabIndex={-1}>
        {t('custody.heading')}
      </h1>
      <p class="govuk-body">{t('custody.lead')}</p>
      {own?.mode === 'centre' && own.outOfService !== null && (
        <WarningText hidden={t('app.warning')}>
          {t('out.heading')}. {t(`out.${own.outOfService}`)}
        </WarningText>
      )}
      <LockNotice />
      {custody !== null && <Told custody={custody} />}
    </div>
  )
}

/** Read again whenever the stores have changed. */
function useCustody(): Custody | null {
  const [told, setTold] = useState<Custody | null>(null)
  const [now, contacted] = [cards.value, status.value.lastSuccessAt]
  useEffect(() => {
    let left = false
    readCustody().then((fresh) => left || setTold(fresh), () => undefined) // the page then says less, and nothing wrong
    return () => void (left = true)
  }, [now, contacted])
  return told
}

function Told({ custody }: { readonly custody: Custody }) {
  const unsent = custody.items.filter((each) => each.sealedHere)
  const files = custody.items.reduce((sum, each) => sum + each.filesWaiting, 0)
  return (
    <>
      {custody.endOfLife !== null && <InsetText>{endOfLifeText(custody.endOfLife)}</InsetText>}
      <Todo custody={custody} />
      {(unsent.length > 0 || files > 0) && <SendNow />}
      {unsent.length > 0 && <SealedCopy />}
      {unsent.length > 0 && files > 0 && <p class="govuk-body">{t('custody.copy_files', { count: files })}</p>}
      <h2 class="govuk-heading-m">{t('custody.here')}</h2>
      <SummaryList rows={counts(custody)} />
      <Items custody={custody} />
      <h2 class="govuk-heading-m">{t('custody.device')}</h2>
      <SummaryList rows={standing(custody)} />
    </>
  )
}

function Todo({ custody }: { readonly custody: Custody }) {
  const advice = adviceFor(custody, status.value.durable)
  return (
    <>
      <h2 class="govuk-heading-m">{t('custody.todo')}</h2>
      {advice.map((each) =>
        each === 'person' || each === 'missing' ? (
          <WarningText key={each} hidden={t('app.warning')}>
            {t(`custody.do_${each}`, { count: custody.missing })}
          </WarningText>
        ) : (
          <p key={each} class="govuk-body">
            {t(`custody.do_${each}`)}
          </p>
        ),
      )}
    </>
  )
}

function counts({ items, safe, erased, oldestAt }: Custody): readonly SummaryRow[] {
  const rows = STATES.flatMap((state): SummaryRow[] => {
    const count = items.filter((each) => each.state === state).length
    return count === 0 && state !== 'waits' ? [] : [row(state, t(`custody.state_${state}`), t('custody.count', { count }))]
  })
  const oldest = oldestAt === null ? '' : age(Date.parse(oldestAt), Date.now())
  if (oldest !== '') rows.push(row('oldest', t('custody.oldest'), oldest))
  if (safe > 0) rows.push(row('safe', t('custody.safe'), t('custody.count', { count: safe })))
  if (erased > 0) rows.push(row('erased', t('custody.erased'), t('custody.count', { count: erased })))
  return rows
}

/** Each by the reference that its reporter has, too. */
function Items({ custody: { items } }: { readonly custody: Custody }) {
  if (items.length === 0) return null
  const rows = items.map((each): SummaryRow => {
    const files = each.filesWaiting === 0 ? '' : ` ${t('custody.files', { count: each.filesWaiting })}`
    const name = each.kind === 'message' ? t('custody.message') : leftToRight(each.reference)
    return row(each.itemId, name, `${t(`custody.item_${each.state}`)}${files}`)
  })
  return (
    <>
      <h2 class="govuk-heading-m">{t('custody.each')}</h2>
      <SummaryList rows={rows} />
    </>
  )
}

function standing({ reachedAt, roomBytes, build }: Custody): readonly SummaryRow[] {
  const { durable } = status.value
  const own = device.value
  const rows = [
    row('reached', t('custody.reached'), reachedAt === null ? t('custody.never') : dateTime(new Date(reachedAt))),
    row('room', t('custody.room'), roomBytes === null ? t('custody.untold') : room(roomBytes)),
    row('storage', t('custody.storage'), t(durable === null ? 'custody.untold' : durable ? 'custody.durable' : 'custody.may_go')),
    row('build', t('custody.build'), leftToRight(build)),
  ]
  return own?.mode === 'centre' && own.centreName !== '' ? [row('centre', t('custody.centre'), own.centreName), ...rows] : rows
}

/** "500 MB", "10 GB". */
function room(bytes: number): string {
  const many = bytes >= 1_000 * MEGABYTE
  const size = Math.floor(bytes / (many ? 1_000 * MEGABYTE : MEGABYTE))
  return t(many ? 'custody.gigabytes' : 'custody.megabytes', { size })
}

function row(id: string, key: string, value: string): SummaryRow {
  return { id, key, value }
}

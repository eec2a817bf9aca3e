import { useEffect, useState } from 'preact/hooks'
import { dateTime, t } from '../../i18n/index.ts'
import { lookAgain, ReturnFailed, type ReturnMailbox, said, writeBack } from '../../sync/index.ts'
import { Button, ButtonGroup } from '../../ui/button.tsx'
import { InsetText } from '../../ui/notices.tsx'
import { HiddenLiveRegion, LiveRegion, Tag } from '../../ui/status.tsx'
import { restart } from '../flow.ts'
import { Messages, Said } from '../messages.tsx'
import { ProofButtons } from '../proof-buttons.tsx'
import { SayForm } from '../say-form.tsx'
import { WhoReads } from '../who-reads.tsx'
import { failedText } from './failed-text.ts'
import { useIdleClose } from './idle.ts'
import { readBy, stageOf } from './mailbox-state.ts'

const LOOK_MS = 60_000

/** What became of a report, for whoever has its code. Nothing here outlives the page. */
export function Mailbox({ first }: { readonly first: ReturnMailbox }) {
  const [mailbox, setMailbox] = useState(first)
  const [note, setNote] = useState('')
  const [ours, setOurs] = useState<ReadonlySet<string>>(new Set())
  const [answered, setAnswered] = useState<ReadonlySet<string>>(new Set())
  const closing = useIdleClose(restart)
  const news = mailbox.messages.length - first.messages.length // said, not read out: others may hear it
  useEffect(() => document.querySelector<HTMLElement>('main h1')?.focus(), [])

  const look = async () => {
    setNote(t('mailbox.looking'))
    try {
      setMailbox(await lookAgain())
      setNote(t('mailbox.looked', { when: dateTime(new Date()) }))
    } catch (error) {
      setNote(failedText(error instanceof ReturnFailed ? error : new ReturnFailed('no_connection')))
    }
  }
  useEffect(() => {
    // Without a word unless something has come.
    const quietly = () => {
      if (document.visibilityState === 'visible') void lookAgain().then(setMailbox, () => undefined)
    }
    const timer = setInterval(quietly, LOOK_MS)
    document.addEventListener('visibilitychange', quietly)
    addEventListener('online', quietly)
    return () => {
      clearInterval(timer)
      document.removeEventListener('visibilitychange', quietly)
      removeEventListener('online', quietly)
    }
  }, [])

  return (
    <div class="wm-column">
      <h1 class="govuk-heading-l" tabIndex={-1}>
        {t('mailbox.heading')} <span class="wm-reference">{mailbox.reference}</span>
      </h1>
      <Stage mailbox={mailbox} answered={answered} />
      <Messages messages={mailbox.messages} below={1} />
      <HiddenLiveRegion text={news > 0 ? t('mailbox.new', { count: news }) : ''} />
      {mailbox.messages.length === 0 && <p class="govuk-body">{t('mailbox.none')}</p>}
      <LiveRegion>
        <p class="govuk-body-s">{note}</p>
        <Said said={said.value.filter((each) => ours.has(each.itemId))} />
      </LiveRegion>
      <LiveRegion>{closing && <InsetText>{t('mailbox.closing')}</InsetText>}</LiveRegion>
      <SayForm
        about={mailbox.itemId}
        reference={mailbox.reference}
        messages={mailbox.messages}
        send={writeBack}
        onSaid={(itemId, inReplyTo) => {
          setOurs(new Set([...ours, itemId]))
          if (inReplyTo !== null) setAnswered(new Set([...answered, inReplyTo]))
        }}
      />
      <WhoReads
        about={mailbox.itemId}
        reference={mailbox.reference}
        messages={mailbox.messages}
        send={writeBack}
        onSaid={(itemId) => setOurs(new Set([...ours, itemId]))}
      />
      <p>
        <Button kind="secondary" onClick={() => void look()}>
          {t('mailbox.look')}
        </Button>
      </p>
      <h2 class="govuk-heading-m">{t('proof.heading')}</h2>
      <ProofButtons reference={mailbox.reference} proof={() => Promise.resolve(mailbox.proof)} />
      <PrintedProof mailbox={mailbox} />
      <h2 class="govuk-heading-m">{t('mailbox.leave_heading')}</h2>
      <p class="govuk-body">{t('mailbox.leave_text')}</p>
      <ButtonGroup>
        <Button onClick={restart}>{t('mailbox.leave')}</Button>
      </ButtonGroup>
    </div>
  )
}

type StageProps = { readonly mailbox: ReturnMailbox; readonly answered: ReadonlySet<string> }

function Stage({ mailbox, answered }: StageProps) {
  const stage = stageOf(mailbox.messages, answered)
  return (
    <>
      <p>
        <Tag colour={stage === 'question' ? 'yellow' : 'plain'}>
          {t(`mailbox.${stage}`, { name: readBy(mailbox.messages) || t('seen.centre') })}
        </Tag>
      </p>
      <p class="govuk-body">{t('mailbox.received_at', { when: dateTime(new Date(mailbox.receivedAt)) })}</p>
    </>
  )
}

/** On paper only: what stands here must be true without the file. */
function PrintedProof({ mailbox }: { readonly mailbox: ReturnMailbox }) {
  return (
    <p class="wm-paper">
      {t('proof.paper', { reference: mailbox.reference, when: dateTime(new Date(mailbox.receivedAt)) })}
    </p>
  )
}

import { useState } from 'preact/hooks'
import { t } from '../../i18n/index.ts'
import { openReturn, ReturnFailed, type ReturnMailbox } from '../../sync/index.ts'
import { DIGIT_COUNT, readCode, WORD_COUNT, type ReadCode } from '../../sync/return-words.ts'
import { BackLink } from '../../ui/back-link.tsx'
import { Button } from '../../ui/button.tsx'
import { ErrorSummary } from '../../ui/error-summary.tsx'
import { HiddenLiveRegion } from '../../ui/status.tsx'
import { Textarea } from '../../ui/textarea.tsx'
import { back } from '../flow.ts'
import { titled } from '../title.ts'
import { failedText } from './failed-text.ts'

const FIELD = 'return_code'

type ReturnFormProps = { readonly onOpen: (mailbox: ReturnMailbox) => void }

export function ReturnForm({ onOpen }: ReturnFormProps) {
  const [typed, setTyped] = useState('')
  const [failure, setFailure] = useState<{ readonly why: Why; readonly count: number } | null>(null)
  const [busy, setBusy] = useState(false)
  const error = failure === null ? undefined : textOf(failure.why)

  const submit = async (event: Event) => {
    event.preventDefault()
    setBusy(true)
    const opened = await tryOpen(typed)
    setBusy(false)
    titled('why' in opened)
    if ('why' in opened) setFailure({ why: opened.why, count: (failure?.count ?? 0) + 1 })
    else onOpen(opened)
  }

  return (
    <div class="wm-column">
      <BackLink onClick={back}>{t('nav.back')}</BackLink>
      {failure !== null && error !== undefined && (
        <ErrorSummary title={t('nav.error_title')} attempt={failure.count} errors={[{ field: FIELD, text: error }]} />
      )}
      <h1 class="govuk-heading-l" tabIndex={-1}>
        {t('return.heading')}
      </h1>
      <p class="govuk-body">{t('return.lead')}</p>
      <form noValidate onSubmit={(event) => void submit(event)}>
        <Textarea
          id={FIELD}
          label={t('code.heading')}
          labelSize="s"
          hint={t('return.hint')}
          value={typed}
          onInput={setTyped}
          error={error}
          errorPrefix={t('nav.error_prefix')}
          rows={3}
          spellCheck={false}
        />
        <Button submit busy={busy}>
          {t(busy ? 'return.busy' : 'return.open')}
        </Button>
      </form>
      <HiddenLiveRegion text={busy ? t('return.busy') : ''} />
      <p class="govuk-body">{t('return.lost')}</p>
    </div>
  )
}

type Misread = Exclude<ReadCode, { readonly type: 'code' }>
/** Kept as it is, and put into words when shown: the language may be changed meanwhile. */
type Why = Misread | ReturnFailed

async function tryOpen(typed: string): Promise<ReturnMailbox | { readonly why: Why }> {
  try {
    const read = await readCode(typed)
    return read.type === 'code' ? await openReturn(read.code) : { why: read }
  } catch (error) {
    return { why: error instanceof ReturnFailed ? error : new ReturnFailed('no_connection') }
  }
}

function textOf(why: Why): string {
  return why instanceof ReturnFailed ? failedText(why) : misreadText(why)
}

function misreadText(read: Misread): string {
  switch (read.type) {
    case 'blank':
      return t('return.blank')
    case 'unknown_word':
      return t('return.unknown_word', { place: read.place, word: read.word })
    case 'word_count':
      return t('return.word_count', { count: read.count, all: WORD_COUNT })
    case 'digit_count':
      return t('return.digit_count', { count: read.count, all: DIGIT_COUNT })
  }
}

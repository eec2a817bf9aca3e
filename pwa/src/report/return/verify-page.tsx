import { useState } from 'preact/hooks'
import { dateTime, t } from '../../i18n/index.ts'
import { checkProof, readProof } from '../../sync/proof.ts'
import { reference } from '../../sync/reference.ts'
import { BackLink } from '../../ui/back-link.tsx'
import { Button } from '../../ui/button.tsx'
import { ErrorSummary } from '../../ui/error-summary.tsx'
import { FormGroup, Hint, Label } from '../../ui/field.tsx'
import { NotificationBanner } from '../../ui/notices.tsx'
import { Textarea } from '../../ui/textarea.tsx'
import { back } from '../flow.ts'
import { titled } from '../title.ts'

const FIELD = 'proof_text'
const BYTES_MAX = 65_536 // a proof has one or two kilobytes
const TOO_LARGE = '…' // no proof; the field shows that something was chosen

type Found =
  | { readonly type: 'valid'; readonly reference: string; readonly at: number }
  | { readonly type: 'invalid' | 'unknown_key' }
  | { readonly type: 'blank' | 'unreadable' }

/** Checks a proof with the keys that are in this page. Nobody is told what was checked. */
export function VerifyPage() {
  const [text, setText] = useState('')
  const [found, setFound] = useState<{ readonly count: number; readonly found: Found } | null>(null)
  const fault = found?.found.type === 'blank' || found?.found.type === 'unreadable' ? t(`verify.${found.found.type}`) : null

  // What was found holds for that text alone.
  const change = (changed: string) => {
    setText(changed)
    setFound(null)
  }
  const choose = async (file: File | undefined) => {
    if (file !== undefined) change(file.size > BYTES_MAX ? TOO_LARGE : await file.text())
  }
  const submit = async (event: Event) => {
    event.preventDefault()
    const checked = await check(text)
    titled(checked.type === 'blank' || checked.type === 'unreadable')
    setFound({ count: (found?.count ?? 0) + 1, found: checked })
  }

  return (
    <div class="wm-column">
      <BackLink onClick={back}>{t('nav.back')}</BackLink>
      {fault !== null && found !== null && (
        <ErrorSummary title={t('nav.error_title')} attempt={found.count} errors={[{ field: FIELD, text: fault }]} />
      )}
      {found !== null && fault === null && <Result key={found.count} found={found.found} />}
      <h1 class="govuk-heading-l" tabIndex={-1}>
        {t('verify.heading')}
      </h1>
      <p class="govuk-body">{t('verify.lead')}</p>
      <form noValidate onSubmit={(event) => void submit(event)}>
        <FormGroup>
          <Label htmlFor="proof_file" size="s">
            {t('verify.file')}
          </Label>
          <Hint id="proof_file-hint">{t('verify.file_hint')}</Hint>
          <input
            class="wm-file"
            id="proof_file"
            type="file"
            accept=".json,application/json"
            aria-describedby="proof_file-hint"
            onChange={(event) => void choose(event.currentTarget.files?.[0])}
          />
        </FormGroup>
        <Textarea
          id={FIELD}
          label={t('verify.text')}
          labelSize="s"
          value={text}
          onInput={change}
          error={fault ?? undefined}
          errorPrefix={t('nav.error_prefix')}
          spellCheck={false}
        />
        <Button submit>{t('verify.button')}</Button>
      </form>
      <h2 class="govuk-heading-m">{t('verify.means')}</h2>
      <ul class="govuk-list govuk-list--bullet">
        <li>{t('verify.proves')}</li>
        <li>{t('verify.proves_time')}</li>
        <li>{t('verify.not_words')}</li>
        <li>{t('verify.not_who')}</li>
      </ul>
    </div>
  )
}

async function check(text: string): Promise<Found> {
  if (text.trim() === '') return { type: 'blank' }
  const proof = readProof(text)
  if (proof === null) return { type: 'unreadable' }
  const found = await checkProof(proof)
  return found === 'valid' ? { type: found, reference: await reference(proof.item_id), at: proof.receipt.at } : { type: found }
}

function Result({ found }: { readonly found: Found }) {
  if (found.type === 'blank' || found.type === 'unreadable') return null
  const valid = found.type === 'valid'
  return (
    <NotificationBanner id="found" title={t('verify.result')} success={valid} takesFocus>
      <p class="govuk-notification-banner__heading">{t(`verify.${found.type}`)}</p>
      {valid && (
        <p class="govuk-body">
          {t('verify.facts', { when: dateTime(new Date(found.at)) })} <strong class="wm-reference">{found.reference}</strong>
        </p>
      )}
      {!valid && <p class="govuk-body">{t(`verify.${found.type}_next`)}</p>}
    </NotificationBanner>
  )
}

import { useState } from 'preact/hooks'
import { leftToRight, t } from '../i18n/index.ts'
import { device } from '../sync/index.ts'
import { LinkButton } from '../ui/button.tsx'
import { HiddenLiveRegion } from '../ui/status.tsx'

type Copied = 'no' | 'yes' | 'failed'

/** A number to copy. It can be called with one tap only on a phone of one's own: a tablet keeps a list of calls. */
export function Phone({ name, phone }: { readonly name: string; readonly phone: string }) {
  const [copied, setCopied] = useState<Copied>('no')
  const shared = device.value?.mode === 'centre'
  const callable = !shared && matchMedia('(pointer: coarse)').matches
  const copy = async () => setCopied(await copiedToClipboard(phone))
  return (
    <>
      <p class="govuk-body wm-strong">
        {callable ? (
          <a class="govuk-link" href={`tel:${phone.replaceAll(' ', '')}`}>
            {t('services.call', { phone: leftToRight(phone) })}
          </a>
        ) : (
          t('services.phone', { phone: leftToRight(phone) })
        )}
      </p>
      <p class="govuk-body">
        <LinkButton onClick={() => void copy()} hidden={name}>
          {t('services.copy')}
        </LinkButton>
      </p>
      {copied !== 'no' && <p class="govuk-body-s">{after(copied, shared)}</p>}
      <HiddenLiveRegion text={copied === 'no' ? '' : after(copied, shared)} />
    </>
  )
}

function after(copied: Copied, shared: boolean): string {
  if (copied === 'failed') return t('services.not_copied')
  return shared ? `${t('services.copied')}. ${t('services.copied_shared')}` : t('services.copied')
}

async function copiedToClipboard(text: string): Promise<Copied> {
  try {
    await navigator.clipboard.writeText(text)
    return 'yes'
  } catch {
    return 'failed' // no permission, or a browser without it: the number stays on the page
  }
}

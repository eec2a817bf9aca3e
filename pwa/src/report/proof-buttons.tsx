import { t } from '../i18n/index.ts'
import type { Proof } from '../sync/index.ts'
import { Button, ButtonGroup } from '../ui/button.tsx'

const FILE_NAME = 'waymark-record.json' // silent about what it is: it lies in a folder that others open

type ProofButtonsProps = {
  readonly proof: () => Promise<Proof | null>
  /** For people who cannot see which report the buttons stand with. */
  readonly reference: string
}

/** That something was handed in, and when: nothing of what was said. Checking opens a tab of its own: this page may
 * hold a mailbox that only its code opens again. */
export function ProofButtons({ proof, reference }: ProofButtonsProps) {
  const save = async () => {
    const [found, { proofText }] = await Promise.all([proof(), import('../sync/proof.ts')])
    if (found !== null) download(proofText(found))
  }
  return (
    <>
      <ButtonGroup>
        <Button kind="secondary" onClick={() => void save()}>
          {t('proof.save')}
          <span class="govuk-visually-hidden"> {reference}</span>
        </Button>
        <a class="govuk-link" href="/verify" target="_blank" rel="noopener noreferrer">
          {t('proof.check')}
          <span class="govuk-visually-hidden"> {reference}</span>
        </a>
      </ButtonGroup>
      <p class="govuk-hint">{t('proof.what')}</p>
    </>
  )
}

function download(text: string): void {
  const link = document.createElement('a')
  link.href = URL.createObjectURL(new Blob([text], { type: 'application/json' }))
  link.download = FILE_NAME
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000) // some browsers read it later
}

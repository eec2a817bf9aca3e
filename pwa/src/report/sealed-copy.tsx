import { useState } from 'preact/hooks'
import { t } from '../i18n/index.ts'
import { exportQueue } from '../sync/index.ts'
import { Button } from '../ui/button.tsx'
import { LiveRegion } from '../ui/status.tsx'

const FILE_NAME = 'waymark-copy.json' // silent about what it is: it lies in a folder that others open

/** A file that only the service can open: a way out for a phone that may forget, or has no network. */
export function SealedCopy() {
  const [said, setSaid] = useState<'outbox.copied' | 'outbox.copy_failed' | null>(null)
  const save = () => {
    exportQueue().then(download).then(
      () => setSaid('outbox.copied'),
      () => setSaid('outbox.copy_failed'),
    )
  }
  return (
    <>
      <Button kind="secondary" onClick={save}>
        {t('outbox.copy')}
      </Button>
      <p class="govuk-hint">{t('outbox.copy_help')}</p>
      <LiveRegion>{said !== null && <p class="govuk-body">{t(said)}</p>}</LiveRegion>
    </>
  )
}

function download(file: Blob): void {
  const link = document.createElement('a')
  link.href = URL.createObjectURL(file)
  link.download = FILE_NAME
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000) // some browsers read it later
}

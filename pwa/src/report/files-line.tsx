import { t } from '../i18n/index.ts'
import type { FilesOfReport } from '../sync/index.ts'

type FilesLineProps = { readonly files: FilesOfReport; readonly sent: boolean }

/** What has become of the photos of a report. "Arrived" is said only of what there is a proof for. */
export function FilesLine({ files, sent }: FilesLineProps) {
  if (files.total === 0) return null
  return (
    <>
      <p class="govuk-body">{progress(files, sent)}</p>
      {files.lost > 0 && <p class="govuk-body">{t('files.lost', { count: files.lost })}</p>}
    </>
  )
}

function progress(files: FilesOfReport, sent: boolean): string {
  const { total: count, arrived } = files
  if (!sent) return t('files.with_report', { count })
  if (arrived === count) return t('files.arrived', { count })
  return t(filesWait(files) ? 'files.some' : 'files.some_only', { arrived, count })
}

/** Some are still here and on their way. */
export function filesWait({ total, arrived, lost }: FilesOfReport): boolean {
  return arrived + lost < total
}

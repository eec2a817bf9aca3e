import { t } from '../i18n/index.ts'
import type { FilesOfReport } from '../sync/index.ts'

type FilesLineProps = { readonly files: FilesOfReport; readonly sent: boolean }

/** What has become of the photos of a report. */
export function FilesLine({ files, sent }: FilesLineProps) {
  return (
    <>
      {filesSaid(files, sent).map((words) => (
        <p key={words} class="govuk-body">
          {words}
        </p>
      ))}
    </>
  )
}

/** "Arrived" is said only of what there is a proof for. */
export function filesSaid(files: FilesOfReport, sent: boolean): readonly string[] {
  if (files.total === 0) return []
  const lost = files.lost > 0 ? [t('files.lost', { count: files.lost })] : []
  return [progress(files, sent), ...lost]
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

import { useEffect, useState } from 'preact/hooks'
import { t } from '../i18n/index.ts'
import { type FilesOfReport, setWifiOnly, wifiOnly } from '../sync/index.ts'
import { Checkboxes } from '../ui/checkboxes.tsx'

type FilesLineProps = { readonly files: FilesOfReport; readonly sent: boolean }

/** What has become of the files of a report. */
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
  const resting = files.resting > 0 ? [t('files.resting', { count: files.resting })] : []
  return [progress(files, sent), ...resting, ...lost]
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

const WIFI = 'wifi'

/** Only where the browser can tell Wi-Fi from a link that costs money. */
export function WifiOnly({ files }: { readonly files: readonly FilesOfReport[] }) {
  const [only, setOnly] = useState<boolean | null>(null)
  const waiting = files.some(filesWait)
  useEffect(() => {
    if (waiting) void wifiOnly().then(setOnly, () => undefined)
  }, [waiting])
  if (!waiting || only === null) return null
  const change = (values: readonly string[]) => {
    setOnly(values.includes(WIFI))
    void setWifiOnly(values.includes(WIFI))
  }
  return (
    <div class="govuk-form-group">
      <Checkboxes name="wifi_only" values={only ? [WIFI] : []} onChange={change} options={[{ value: WIFI, label: t('files.wifi_only') }]} />
    </div>
  )
}

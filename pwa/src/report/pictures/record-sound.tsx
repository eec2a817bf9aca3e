import { useEffect, useRef, useState } from 'preact/hooks'
import { t } from '../../i18n/index.ts'
import { Button, ButtonGroup } from '../../ui/button.tsx'
import { LiveRegion } from '../../ui/status.tsx'
import type { CannotRecord, Recording } from './recorder.ts'

const RECORD_S_MAX = 600

type Now = 'off' | 'asking' | 'on' | CannotRecord

export function canRecord(): boolean {
  return 'MediaRecorder' in globalThis && 'mediaDevices' in navigator
}

/** Speak instead of writing. The recorder itself is loaded when somebody asks for it. */
export function RecordSound({ onRecorded }: { readonly onRecorded: (file: File) => void }) {
  const [now, setNow] = useState<Now>('off')
  const [seconds, setSeconds] = useState(0)
  const recording = useRef<Recording | null>(null)
  useEffect(() => () => recording.current?.drop(), [])
  useEffect(() => {
    if (now !== 'on') return
    const timer = setInterval(() => setSeconds((count) => count + 1), 1_000)
    return () => clearInterval(timer)
  }, [now])
  useEffect(() => {
    if (seconds >= RECORD_S_MAX) void stop()
  }, [seconds])

  const begin = async () => {
    setNow('asking')
    setSeconds(0)
    const begun = await import('./recorder.ts').then(({ record }) => record(() => void stop())).catch(() => 'no_microphone' as const)
    recording.current = typeof begun === 'string' ? null : begun
    setNow(typeof begun === 'string' ? begun : 'on')
  }
  const stop = async () => {
    const begun = recording.current
    recording.current = null
    setNow('off')
    const file = (await begun?.stop()) ?? null
    if (file !== null) onRecorded(file)
  }
  const drop = () => {
    recording.current?.drop()
    recording.current = null
    setNow('off')
  }
  return (
    <>
      <ButtonGroup>
        {now !== 'on' && (
          <Button kind="secondary" onClick={() => void begin()}>
            {t('pictures.record')}
          </Button>
        )}
        {now === 'on' && (
          <>
            <Button onClick={() => void stop()}>{t('pictures.record_stop')}</Button>
            <Button kind="secondary" onClick={drop}>
              {t('pictures.record_drop')}
            </Button>
          </>
        )}
      </ButtonGroup>
      {now === 'on' && <p class="govuk-body" aria-hidden="true">{t('pictures.record_time', { time: clock(seconds) })}</p>}
      <LiveRegion>{now !== 'off' && <p class="govuk-body">{t(`pictures.record_${now}`)}</p>}</LiveRegion>
    </>
  )
}

function clock(seconds: number): string {
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`
}

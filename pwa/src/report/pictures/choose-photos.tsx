import type { TargetedEvent } from 'preact'
import { useRef, useState } from 'preact/hooks'
import { t } from '../../i18n/index.ts'
import { Button, ButtonGroup } from '../../ui/button.tsx'
import { ErrorMessage, FormGroup } from '../../ui/field.tsx'
import { LiveRegion } from '../../ui/status.tsx'
import { photos } from '../photos.ts'
import { CHOOSE, chosenErrors } from './picture-errors.ts'
import { type News, news } from './prepare.ts'
import { canRecord, RecordSound } from './record-sound.tsx'

// The endings are for systems that do not know what these are.
const KINDS = 'image/*,audio/*,video/*,.heic,.heif,.avif,.m4a,.amr,.pdf,.txt,.docx,.odt'

type ChoosePhotosProps = { readonly onChosen: (files: readonly File[]) => void }

/**
 * The browser's own file field speaks the browser's language and says "no file" when there are some; it stays
 * hidden behind buttons of ours.
 */
export function ChoosePhotos({ onChosen }: ChoosePhotosProps) {
  const gallery = useRef<HTMLInputElement>(null)
  const camera = useRef<HTMLInputElement>(null)
  // Elsewhere `capture` is only a second way to choose a file.
  const [inHand] = useState(() => matchMedia('(pointer: coarse)').matches)
  const errors = chosenErrors()
  const errorId = errors.length > 0 ? `${CHOOSE}-error` : undefined
  const chosen = ({ currentTarget }: TargetedEvent<HTMLInputElement>) => {
    onChosen([...(currentTarget.files ?? [])])
    currentTarget.value = '' // so that the same photo can be chosen again
  }
  return (
    <FormGroup error={errorId}>
      {errorId !== undefined && (
        <div id={errorId}>
          {errors.map(({ text }, index) => (
            <ErrorMessage key={text} id={`${errorId}-${index}`} text={text} prefix={t('nav.error_prefix')} />
          ))}
        </div>
      )}
      {inHand && <p class="govuk-body">{t('pictures.camera')}</p>}
      <ButtonGroup>
        <Button kind="secondary" id={CHOOSE} describedBy={errorId} onClick={() => gallery.current?.click()}>
          {t(photos.value.length > 0 ? 'pictures.choose_more' : 'pictures.choose')}
        </Button>
        {inHand && (
          <Button kind="secondary" onClick={() => camera.current?.click()}>
            {t('pictures.take')}
          </Button>
        )}
      </ButtonGroup>
      {canRecord() && <RecordSound onRecorded={(file) => onChosen([file])} />}
      <input ref={gallery} type="file" name="photos" accept={KINDS} multiple hidden onChange={chosen} />
      <input ref={camera} type="file" name="camera" accept="image/*" capture="environment" hidden onChange={chosen} />
      <LiveRegion>{told(news.value)}</LiveRegion>
    </FormGroup>
  )
}

function told(now: News) {
  if (now.type === 'none') return null
  const { type, ...values } = now
  return <p class="govuk-body wm-last">{t(`pictures.${type}`, values)}</p>
}

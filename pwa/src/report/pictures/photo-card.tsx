import { t } from '../../i18n/index.ts'
import { Button, ButtonGroup } from '../../ui/button.tsx'
import { ErrorMessage, FormGroup } from '../../ui/field.tsx'
import { Input } from '../../ui/input.tsx'
import { VisuallyHidden } from '../../ui/status.tsx'
import { describedBy } from '../../ui/words.ts'
import { isReady, type Photo } from '../photos.ts'
import { photoError } from './picture-errors.ts'
import { describe, keepThisOne } from './prepare.ts'

type PhotoCardProps = {
  readonly photo: Photo
  readonly number: number
  readonly count: number
  /** Errors are shown once somebody has tried to go on. */
  readonly checked: boolean
  readonly onRemove: () => void
}

/** One chosen photo: what it looks like, what it shows, and the way to take it out again. */
export function PhotoCard({ photo, number, count, checked, onRemove }: PhotoCardProps) {
  const nth = t('pictures.nth', { number, count })
  const error = checked ? photoError(photo, number)?.text : undefined
  return (
    <li class="wm-card wm-photo">
      <Look photo={photo} nth={nth} />
      <div class="wm-photo__words">
        <h3 class="govuk-heading-s" id={`photo-${photo.id}`} tabIndex={-1}>
          {nth}
        </h3>
        {photo.made.state === 'undecided' && <Decide id={photo.id} nth={nth} error={error} onLeaveOut={onRemove} />}
        {photo.made.state !== 'undecided' && (
          <>
            <Input
              id={`caption-${photo.id}`}
              label={<>{t('pictures.caption')} <VisuallyHidden>{nth}</VisuallyHidden></>}
              value={photo.caption}
              onInput={(caption) => describe(photo.id, caption)}
              error={error}
              errorPrefix={t('nav.error_prefix')}
            />
            {isReady(photo) && <p class="govuk-body-s">{t(`pictures.details_${photo.made.picture.hiddenDetails}`)}</p>}
            <Button kind="secondary" onClick={onRemove}>
              {t('pictures.remove')} <VisuallyHidden>{nth}</VisuallyHidden>
            </Button>
          </>
        )}
      </div>
    </li>
  )
}

function Look({ photo, nth }: { readonly photo: Photo; readonly nth: string }) {
  if (isReady(photo) && photo.made.address !== null)
    return <img class="wm-photo__look" src={photo.made.address} alt={photo.caption.trim() || nth} dir="auto" />
  const words = photo.made.state === 'preparing' ? t('pictures.preparing_one') : t('pictures.no_preview')
  return <p class="wm-photo__look wm-photo__look--none govuk-body-s">{words}</p>
}

type DecideProps = {
  readonly id: string
  readonly nth: string
  readonly error: string | undefined
  readonly onLeaveOut: () => void
}

/** Nothing is sent with hidden details in it unless its owner has said so. */
function Decide({ id, nth, error, onLeaveOut }: DecideProps) {
  const [why, wrong] = [`why-${id}`, error === undefined ? undefined : `keep-${id}-error`]
  return (
    <FormGroup error={error}>
      <p class="govuk-body" id={why}>
        {t('pictures.cannot_strip')}
      </p>
      {wrong !== undefined && error !== undefined && <ErrorMessage id={wrong} text={error} prefix={t('nav.error_prefix')} />}
      <ButtonGroup>
        <Button kind="secondary" id={`keep-${id}`} describedBy={describedBy(why, wrong)} onClick={() => void keepThisOne(id)}>
          {t('pictures.keep_this')} <VisuallyHidden>{nth}</VisuallyHidden>
        </Button>
        <Button kind="secondary" onClick={onLeaveOut}>
          {t('pictures.leave_out')} <VisuallyHidden>{nth}</VisuallyHidden>
        </Button>
      </ButtonGroup>
    </FormGroup>
  )
}

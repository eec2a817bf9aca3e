import { useState } from 'preact/hooks'
import { t } from '../../i18n/index.ts'
import { Button, ButtonGroup } from '../../ui/button.tsx'
import { ErrorMessage, FormGroup } from '../../ui/field.tsx'
import { Input } from '../../ui/input.tsx'
import { VisuallyHidden } from '../../ui/status.tsx'
import { describedBy } from '../../ui/words.ts'
import { groupOf } from '../../sync/files-kinds.ts'
import { bytesOf, isReady, type Photo, type ReadyPhoto } from '../photos.ts'
import { photoError } from './picture-errors.ts'
import { describe, keepThisOne } from './prepare.ts'
import { sizeWords } from './size-words.ts'

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
        {isReady(photo) && <About photo={photo} />}
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
            {isReady(photo) && <p class="govuk-body-s">{details(photo)}</p>}
            <Remove nth={nth} onRemove={onRemove} />
          </>
        )}
      </div>
    </li>
  )
}

/** What it is, how large, and what its owner called it: the name stays on this device. */
function About({ photo }: { readonly photo: ReadyPhoto }) {
  const { picture } = photo.made
  return (
    <p class="govuk-body-s">
      {t(`pictures.kind_${groupOf(picture.mediaType)}`, { size: sizeWords(bytesOf(picture)) })}
      <br />
      <span dir="auto" class="wm-photo__name">{photo.file.name || t('pictures.recorded')}</span>
    </p>
  )
}

function details({ made }: ReadyPhoto): string {
  return t(groupOf(made.picture.mediaType) === 'photo' ? `pictures.details_${made.picture.hiddenDetails}` : 'pictures.as_it_is')
}

/** Asked again: what is recorded is nowhere else. */
function Remove({ nth, onRemove }: { readonly nth: string; readonly onRemove: () => void }) {
  const [asked, setAsked] = useState(false)
  const name = <VisuallyHidden>{nth}</VisuallyHidden>
  if (!asked)
    return (
      <Button kind="secondary" onClick={() => setAsked(true)}>
        {t('pictures.remove')} {name}
      </Button>
    )
  return (
    <div role="group" aria-label={`${t('pictures.remove_sure')} ${nth}`} ref={focusFirst}>
      <p class="govuk-body">{t('pictures.remove_sure')}</p>
      <ButtonGroup>
        <Button kind="warning" onClick={onRemove}>
          {t('pictures.remove_yes')} {name}
        </Button>
        <Button kind="secondary" onClick={() => setAsked(false)}>
          {t('pictures.remove_no')} {name}
        </Button>
      </ButtonGroup>
    </div>
  )
}

function focusFirst(group: HTMLElement | null): void {
  group?.querySelector('button')?.focus()
}

function Look({ photo, nth }: { readonly photo: Photo; readonly nth: string }) {
  if (isReady(photo) && groupOf(photo.made.picture.mediaType) !== 'photo') return <Heard photo={photo} nth={nth} />
  if (isReady(photo) && photo.made.address !== null)
    return <img class="wm-photo__look" src={photo.made.address} alt={photo.caption.trim() || nth} dir="auto" />
  const words = photo.made.state === 'preparing' ? t('pictures.preparing_one') : t('pictures.no_preview')
  return <p class="wm-photo__look wm-photo__look--none govuk-body-s">{words}</p>
}

/** A sound can be heard again before it is sent. Of other files there is nothing to see here. */
function Heard({ photo, nth }: { readonly photo: ReadyPhoto; readonly nth: string }) {
  const { address } = photo.made
  return address === null ? null : <audio controls preload="none" src={address} aria-label={t('pictures.listen', { nth })} />
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

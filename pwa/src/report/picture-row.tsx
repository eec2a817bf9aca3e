import { t } from '../i18n/index.ts'
import { isReady, photos, type ReadyPhoto, readyPhotos, sealedCaption } from './photos.ts'

/** The photos on the check page: how many, what they look like and what was said of them. */
export function PictureRow() {
  const ready = readyPhotos.value
  const count = (state: 'preparing' | 'undecided') => photos.value.filter((photo) => photo.made.state === state).length
  const [preparing, undecided] = [count('preparing'), count('undecided')]
  if (photos.value.length === 0) return <>{t('said.not_given')}</>
  return (
    <>
      {ready.length > 0 && <div>{t('pictures.ready', { count: ready.length })}</div>}
      {preparing > 0 && <div>{t('pictures.row_preparing', { count: preparing })}</div>}
      {undecided > 0 && <div>{t('pictures.row_undecided', { count: undecided })}</div>}
      <ul class="wm-photo-row">
        {photos.value.filter(isReady).map((photo, index) => (
          <Small key={photo.id} photo={photo} nth={t('pictures.nth', { number: index + 1, count: ready.length })} />
        ))}
      </ul>
    </>
  )
}

function Small({ photo, nth }: { readonly photo: ReadyPhoto; readonly nth: string }) {
  const { address, picture } = photo.made
  return (
    <li>
      {address === null || picture.preview === null ? <span>{nth}</span> : <img src={address} alt={nth} />}
      <span dir="auto">{sealedCaption(photo)}</span>
      {picture.hiddenDetails === 'kept' && <span class="govuk-body-s">{t('pictures.details_kept')}</span>}
    </li>
  )
}

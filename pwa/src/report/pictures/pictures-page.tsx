import { useEffect, useState } from 'preact/hooks'
import { t } from '../../i18n/index.ts'
import { device } from '../../sync/index.ts'
import { ATT_COUNT_MAX } from '../../sync/protocol.generated.ts'
import { BackLink } from '../../ui/back-link.tsx'
import { ErrorSummary } from '../../ui/error-summary.tsx'
import { InsetText } from '../../ui/notices.tsx'
import { Both } from '../both.tsx'
import { back, forward } from '../flow.ts'
import { step } from '../graph.ts'
import { photos } from '../photos.ts'
import { SeenBy } from '../seen-by.tsx'
import { StepButtons } from '../step-buttons.tsx'
import { titled } from '../title.ts'
import { ChoosePhotos } from './choose-photos.tsx'
import { KeepDetails } from './keep-details.tsx'
import { PhotoCard } from './photo-card.tsx'
import { CHOOSE, chosenErrors, LIMITS, photoErrors } from './picture-errors.ts'
import { choose, keepDetails, news, refused, remove } from './prepare.ts'

const STEP = step('pictures')

/** Choose photos, say what they show, take them out again. None is needed, and nothing here is on any disk. */
export function PicturesPage() {
  const [tries, setTries] = useState(0)
  const errors = tries > 0 ? [...chosenErrors(), ...photoErrors()] : []
  const busy = photos.value.some((photo) => photo.made.state === 'preparing')
  useEffect(() => () => ((refused.value = []), (news.value = { type: 'none' })), [])
  useEffect(() => titled(errors.length > 0), [errors.length])

  const check = () => {
    const wrong = chosenErrors().length + photoErrors().length > 0
    setTries((count) => (wrong ? count + 1 : 0))
  }
  const submit = (event: Event) => {
    event.preventDefault()
    if (busy) return
    if (photoErrors().length === 0) forward(STEP.id)
    else setTries(tries + 1)
  }
  const takeOut = (index: number) => {
    const id = photos.peek()[index]?.id
    if (id !== undefined) remove(id)
    const next = photos.peek()[index] ?? photos.peek().at(-1)
    document.getElementById(next === undefined ? CHOOSE : `photo-${next.id}`)?.focus()
  }

  return (
    <div class="wm-column">
      <BackLink onClick={back}>{t('nav.back')}</BackLink>
      {errors.length > 0 && <ErrorSummary title={t('nav.error_title')} attempt={tries} errors={errors} />}
      <form noValidate onSubmit={submit}>
        <h1 class="govuk-heading-l" tabIndex={-1}>
          {t('pictures.heading')}
        </h1>
        <About />
        <ChoosePhotos onChosen={(files) => void choose(files).then(check)} />
        <KeepDetails onChange={(kept) => void keepDetails(kept).then(check)} />
        {photos.value.length > 0 && (
          <>
            <h2 class="govuk-heading-m">{t('pictures.list')}</h2>
            <ul class="wm-photos">
              {photos.value.map((photo, index) => (
                <PhotoCard
                  key={photo.id}
                  photo={photo}
                  number={index + 1}
                  count={photos.value.length}
                  checked={tries > 0}
                  onRemove={() => takeOut(index)}
                />
              ))}
            </ul>
          </>
        )}
        <SeenBy />
        <StepButtons step={STEP} busy={busy} skips={photos.value.length === 0} />
      </form>
    </div>
  )
}

/** Why, what happens to a photo, and where else it stays. */
function About() {
  return (
    <>
      <p class="govuk-body">{t('pictures.why', { max: ATT_COUNT_MAX })}</p>
      {device.value?.mode === 'centre' && (
        <InsetText>
          <Both k="pictures.tablet" />
        </InsetText>
      )}
      <p class="govuk-body">
        <Both k="pictures.copied" />
      </p>
      <p class="govuk-body">
        <Both k="pictures.stays" />
      </p>
      <p class="govuk-body">{t('pictures.limits', LIMITS)}</p>
      <p class="govuk-body">{t('pictures.memory')}</p>
    </>
  )
}

import { t } from '../i18n/index.ts'
import { Button, ButtonGroup, LinkButton } from '../ui/button.tsx'
import { mandatory, skip, skipRest } from './flow.ts'
import type { Step } from './graph.ts'

type StepButtonsProps = {
  readonly step: Step
  /** Something is still going on that the answer waits for. */
  readonly busy?: boolean
  /** False where there is an answer that skipping would throw away without a word. */
  readonly skips?: boolean
}

/** On, past this question, past all that need no answer. */
export function StepButtons({ step, busy = false, skips = true }: StepButtonsProps) {
  const skippable = skips && !step.fields.some((field) => field.required)
  return (
    <>
      <ButtonGroup>
        <Button submit busy={busy}>
          {t('nav.continue')}
        </Button>
        {skippable && (
          <Button kind="secondary" onClick={() => skip(step)}>
            {mandatory(step) ? t('contact.skip_none') : t('nav.skip')}
          </Button>
        )}
      </ButtonGroup>
      {!mandatory(step) && skips && (
        <p class="govuk-body">
          <LinkButton onClick={() => skipRest(step)}>{t('nav.skip_rest')}</LinkButton>
        </p>
      )}
    </>
  )
}

import { t, tCode } from '../../i18n/index.ts'
import { DateInput, type DatePart, type DateText } from '../../ui/date-input.tsx'
import { Input } from '../../ui/input.tsx'
import { Radios } from '../../ui/radios.tsx'
import type { Fault } from '../checks.ts'
import { answer, filled } from '../flow.ts'
import { fieldOf, optionsOf, textIn, typedIn } from '../graph.ts'
import { errorOf, errorText } from '../words.ts'
import { Asked } from './parts.tsx'
import type { QuestionProps } from './question.tsx'

const DATED = ['day', 'week', 'month'] as const
type Dated = (typeof DATED)[number]

export function WhenQuestion({ errors }: QuestionProps) {
  return (
    <>
      <Asked field="when_precision" legend={t('when.legend')} hint={t('when.hint')} errors={errors}>
        <Radios
          name="when_precision"
          value={textIn(filled.value, 'when_precision')}
          onChange={(code) => answer({ when_precision: code })}
          options={optionsOf(fieldOf('when', 'when_precision')).map((value) => ({
            value,
            label: tCode('when', value),
            ...(isDated(value) && { reveal: <Parts precision={value} errors={errors} /> }),
            ...(value === 'dont_know' && { divider: t('nav.or') }),
          }))}
        />
      </Asked>
      <Input
        id="when_text"
        label={t('when.text')}
        hint={t('when.text_hint')}
        value={typedIn(filled.value, 'when_text')}
        onInput={(text) => answer({ when_text: text })}
        error={errorOf(errors, 'when_text')}
        errorPrefix={t('nav.error_prefix')}
      />
    </>
  )
}

function Parts({ precision, errors }: { readonly precision: Dated; readonly errors: readonly Fault[] }) {
  const legends = { day: 'when.date_legend', week: 'when.week_legend', month: 'when.month_legend' } as const
  const hints = { day: 'when.date_hint', week: 'when.week_hint', month: 'when.month_hint' } as const
  const parts: readonly DatePart[] = precision === 'month' ? ['month', 'year'] : ['day', 'month', 'year']
  const fault = errors.find((each) => /^when_(day|month|year)$/.test(each.field))
  return (
    <DateInput
      id="when_date"
      legend={t(legends[precision])}
      hint={t(hints[precision])}
      labels={{ day: t('when.part_day'), month: t('when.part_month'), year: t('when.part_year') }}
      parts={parts}
      value={partsTyped()}
      onInput={(date) => answer({ when_day: date.day, when_month: date.month, when_year: date.year })}
      error={fault && errorText(fault)}
      wrongParts={fault === undefined ? [] : wrongParts(fault)}
      errorPrefix={t('nav.error_prefix')}
    />
  )
}

function partsTyped(): DateText {
  const typed = (part: DatePart) => typedIn(filled.value, `when_${part}`)
  return { day: typed('day'), month: typed('month'), year: typed('year') }
}

/** A date that is missing or in the future is wrong as a whole; anything else in one part. */
function wrongParts(fault: Fault): readonly DatePart[] {
  if (fault.code === 'date_missing' || fault.code === 'date_future') return []
  return (['day', 'month', 'year'] as const).filter((part) => fault.field === `when_${part}`)
}

function isDated(code: string): code is Dated {
  return DATED.some((each) => each === code)
}

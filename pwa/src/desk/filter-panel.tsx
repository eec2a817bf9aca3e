import type { JSX, TargetedEvent } from 'preact'
import { useState } from 'preact/hooks'
import { Button, ButtonGroup } from '../ui/button.tsx'
import { Checkboxes } from '../ui/checkboxes.tsx'
import { Fieldset } from '../ui/field.tsx'
import { Select } from '../ui/select.tsx'
import { CHANNELS, chipsOf, UNFILTERED } from './filters.ts'
import type { Chip, Filters } from './filters.ts'
import { addressOf, go } from './router.ts'
import { SHARING_CHOICES } from './shapes.ts'
import type { Choices } from './shapes.ts'
import { say, sayCount } from './words.ts'

type Props = { readonly filters: Filters; readonly choices: Choices | null }

/** Nothing is narrowed before Apply is pressed: a list that changes at every touch moves under the hand. */
export function FilterPanel({ filters, choices }: Props): JSX.Element {
  const [chosen, setChosen] = useState(filters)
  const set = (part: Partial<Filters>) => setChosen({ ...chosen, ...part })
  const chips = chipsOf(filters, choices)
  const apply = (event: Event) => {
    event.preventDefault()
    go({ type: 'queue', filters: chosen, cursor: null })
  }
  return (
    <div class="desk-filters">
      <details class="wm-group">
        <summary class="wm-group__summary">
          <span>{say('filter.title')}</span>
          <span class="wm-group__count">{chips.length > 0 && sayCount('filter.chosen', chips.length)}</span>
        </summary>
        <form class="wm-group__body" onSubmit={apply} noValidate>
          <div class="desk-filters__fields">
            <Places id="area" list={choices?.areas ?? []} value={chosen.area} onChange={(area) => set({ area })} />
            <Places id="centre" list={choices?.centres ?? []} value={chosen.centre} onChange={(centre) => set({ centre })} />
            <Select
              id="sharing"
              label={say('filter.sharing')}
              options={[any(), ...SHARING_CHOICES.map((code) => ({ value: code as string, label: say(`sharing.${code}`) }))]}
              value={chosen.sharing ?? ''}
              onChange={(code) => set({ sharing: SHARING_CHOICES.find((known) => known === code) ?? null })}
            />
            <Select
              id="channel"
              label={say('filter.channel')}
              options={[any(), ...CHANNELS.map((code) => ({ value: code as string, label: say(`channel.${code}`) }))]}
              value={chosen.channel ?? ''}
              onChange={(code) => set({ channel: CHANNELS.find((known) => known === code) ?? null })}
            />
            <Day id="from" value={chosen.from} onChange={(from) => set({ from })} />
            <Day id="to" value={chosen.to} onChange={(to) => set({ to })} />
            <Fieldset legend={say('filter.only')}>
              <Checkboxes
                name="only"
                options={(['overdue', 'pictures'] as const).map((value) => ({ value, label: say(`filter.${value}`) }))}
                values={(['overdue', 'pictures'] as const).filter((name) => chosen[name])}
                onChange={(on) => set({ overdue: on.includes('overdue'), pictures: on.includes('pictures') })}
              />
            </Fieldset>
          </div>
          <ButtonGroup>
            <Button submit>{say('filter.apply')}</Button>
          </ButtonGroup>
        </form>
      </details>
      {chips.length > 0 && <Chips chips={chips} filters={filters} />}
    </div>
  )
}

function Chips({ chips, filters }: { chips: readonly Chip[]; filters: Filters }): JSX.Element {
  const none = { ...UNFILTERED, queue: filters.queue }
  return (
    <div class="desk-chips">
      <h2 class="govuk-heading-s desk-last" id="chosen">{say('filter.now')}</h2>
      <ul class="desk-chips__list" aria-labelledby="chosen">
        {chips.map((chip) => (
          <li key={chip.id}>
            <a class="desk-chip" href={addressOf({ type: 'queue', filters: chip.without, cursor: null })}>
              <span class="govuk-visually-hidden">{say('filter.remove')}</span>{' '}
              <span dir="auto">{chip.label}</span>
              <span aria-hidden="true" class="desk-chip__cross">×</span>
            </a>
          </li>
        ))}
        <li>
          <a class="govuk-link" href={addressOf({ type: 'queue', filters: none, cursor: null })}>{say('filter.clear')}</a>
        </li>
      </ul>
    </div>
  )
}

const any = () => ({ value: '', label: say('filter.any') })

type PlacesProps = {
  readonly id: 'area' | 'centre'
  readonly list: readonly { readonly id: string; readonly name: string }[]
  readonly value: string | null
  readonly onChange: (id: string | null) => void
}

function Places({ id, list, value, onChange }: PlacesProps): JSX.Element {
  return (
    <Select
      id={id}
      label={say(`filter.${id}`)}
      options={[any(), ...list.map((one) => ({ value: one.id, label: one.name }))]}
      value={value ?? ''}
      onChange={(chosen) => onChange(chosen === '' ? null : chosen)}
    />
  )
}

type DayProps = { readonly id: 'from' | 'to'; readonly value: string | null; readonly onChange: (day: string | null) => void }

function Day({ id, value, onChange }: DayProps): JSX.Element {
  return (
    <div class="govuk-form-group">
      <label class="govuk-label" for={id}>{say(`filter.${id}`)}</label>
      <input
        class="govuk-input desk-day"
        id={id}
        name={id}
        type="date"
        autocomplete="off"
        value={value ?? ''}
        onInput={(event: TargetedEvent<HTMLInputElement>) => onChange(event.currentTarget.value || null)}
      />
    </div>
  )
}

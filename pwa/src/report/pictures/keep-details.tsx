import { t } from '../../i18n/index.ts'
import { Checkboxes } from '../../ui/checkboxes.tsx'
import { Details } from '../../ui/details.tsx'
import { Both } from '../both.tsx'
import { keepsDetails } from '../photos.ts'

const KEEP = 'keep'

/** Off unless somebody who has read what it means turns it on. */
export function KeepDetails({ onChange }: { readonly onChange: (kept: boolean) => void }) {
  return (
    <Details summary={t('pictures.keep_summary')}>
      <p class="govuk-body">
        <Both k="pictures.keep_text" />
      </p>
      <Checkboxes
        name="keep_details"
        values={keepsDetails.value ? [KEEP] : []}
        onChange={(values) => onChange(values.includes(KEEP))}
        options={[{ value: KEEP, label: t('pictures.keep') }]}
      />
    </Details>
  )
}

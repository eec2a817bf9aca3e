import { t, tCode } from '../../i18n/index.ts'
import { Checkboxes } from '../../ui/checkboxes.tsx'
import { Radios } from '../../ui/radios.tsx'
import { Textarea } from '../../ui/textarea.tsx'
import { answer, filled } from '../flow.ts'
import { codesIn, fieldOf, optionsOf, textIn, typedIn } from '../graph.ts'
import { errorOf } from '../words.ts'
import { Asked, Line } from './parts.tsx'
import type { QuestionProps } from './question.tsx'

/** Ways first; what belongs to a way appears when it is chosen, and is sent only while it is. */
export function ContactQuestion({ errors }: QuestionProps) {
  const chosen = codesIn(filled.value, 'contact_methods')
  const reachable = chosen.length > 0 && !chosen.includes('no_contact')
  return (
    <>
      <Asked
        field="contact_methods"
        legend={t('contact.legend')}
        hint={t('contact.hint')}
        errors={errors}
        why={<p class="govuk-body">{t('contact.why')}</p>}
      >
        <Methods />
      </Asked>
      {(chosen.includes('call') || chosen.includes('text')) && (
        <Line field="contact_phone" errors={errors} type="tel" width={20} />
      )}
      {chosen.includes('email') && (
        <Line field="contact_email" errors={errors} type="email" />
      )}
      {chosen.includes('call') && <OfACall {...{ errors }} />}
      {reachable && <Line field="contact_times" errors={errors} />}
      {reachable && <Line field="contact_code_word" errors={errors} width={20} />}
      <Textarea
        id="contact_must_not_know"
        label={t('contact_must_not_know.label')}
        hint={t('contact_must_not_know.hint')}
        rows={2}
        value={typedIn(filled.value, 'contact_must_not_know')}
        onInput={(text) => answer({ contact_must_not_know: text })}
        error={errorOf(errors, 'contact_must_not_know')}
        errorPrefix={t('nav.error_prefix')}
      />
    </>
  )
}

function Methods() {
  const field = fieldOf('contact', 'contact_methods')
  return (
    <Checkboxes
      name="contact_methods"
      values={codesIn(filled.value, 'contact_methods')}
      onChange={(codes) => answer({ contact_methods: codes })}
      options={optionsOf(field).map((value) => ({
        value,
        label: tCode('contact', value),
        ...(field.exclusive?.includes(value) && { exclusive: true, divider: t('nav.or') }),
      }))}
    />
  )
}

function OfACall({ errors }: QuestionProps) {
  return (
    <>
      <Choice field="contact_voicemail" legend={t('contact_voicemail.legend')} errors={errors} />
      <Choice field="contact_say_who" legend={t('contact_say_who.legend')} errors={errors} />
    </>
  )
}

function Choice({ field, legend, errors }: QuestionProps & { readonly field: string; readonly legend: string }) {
  return (
    <Asked field={field} legend={legend} heading={false} errors={errors}>
      <Radios
        name={field}
        value={textIn(filled.value, field)}
        onChange={(code) => answer({ [field]: code })}
        inline={field === 'contact_voicemail'}
        options={optionsOf(fieldOf('contact', field)).map((value) => ({ value, label: tCode(field, value) }))}
      />
    </Asked>
  )
}

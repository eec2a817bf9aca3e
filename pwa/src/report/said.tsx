/** Each answer as a line of the check page. */

import { dateTime, t, tCode } from '../i18n/index.ts'
import { span } from './dates.ts'
import { type Filled, codesIn, optionsOf, step, textIn, typedIn } from './graph.ts'
import { canonical } from './canonical.ts'

export type Said = { readonly step: string; readonly key: string; readonly lines: readonly string[] }

/** The lines of one step; none for a step that the check page shows elsewhere. */
export function saidIn(stepId: string, filled: Filled): readonly Said[] {
  const line = (key: string, ...lines: readonly string[]): Said => ({ step: stepId, key, lines: lines.filter(Boolean) })
  switch (stepId) {
    case 'reporter_role':
      return [line(t('reporter_role.short'), coded('reporter_role', textIn(filled, 'reporter_role')))]
    case 'narrative':
      return [line(t('narrative_original.short'), ...typedIn(filled, 'narrative_original').split('\n'))]
    case 'event_types':
      return [line(t('event_types.short'), ...many(filled, 'event_types', 'event_type'))]
    case 'strands':
      return [line(t('strands.short'), ...many(filled, 'strands', 'strand'))]
    case 'sub_strands':
      return [line(t('sub_strands.short'), ...many(filled, 'sub_strands', 'sub'))]
    case 'when':
      return [line(t('when.short'), when(filled), textIn(filled, 'when_text'))]
    case 'place_type':
      return [line(t('place_type.short'), coded('place', textIn(filled, 'place_type')))]
    case 'place':
      return [line(t('postcode.short'), textIn(filled, 'postcode')), line(t('place_text.short'), textIn(filled, 'place_text'))]
    case 'sharing_choice':
      return [line(t('sharing_choice.short'), coded('sharing_choice', textIn(filled, 'sharing_choice')))]
    case 'name':
      return [line(t('name_known_as.short'), textIn(filled, 'name_known_as'))]
    case 'contact':
      return [line(t('contact.short'), ...contact(filled))]
    case 'support_needs':
      return [line(t('support_needs.short'), ...many(filled, 'support_needs', 'need'))]
    case 'preferred_language':
      return [line(t('preferred_language.short'), coded('language', textIn(filled, 'preferred_language')))]
    default:
      return []
  }
}

function coded(prefix: string, code: string): string {
  return code === '' ? '' : tCode(prefix, code)
}

function many(filled: Filled, stepId: string, prefix: string): readonly string[] {
  const chosen = codesIn(filled, stepId)
  return optionsOf(step(stepId).fields[0] ?? { id: '', kind: 'codes' })
    .filter((code) => chosen.includes(code))
    .map((code) => tCode(prefix, code))
}

function when(filled: Filled): string {
  const precision = textIn(filled, 'when_precision')
  const said = span(filled)
  if (said?.type !== 'span') return coded('when', precision)
  const [start, end] = [said.start, said.end].map((day) => dateTime(new Date(`${day}T12:00:00`), false))
  if (precision === 'week') return t('when.said_week', { start: start ?? '', end: end ?? '' })
  return precision === 'month' ? `${textIn(filled, 'when_month')} ${textIn(filled, 'when_year')}` : (start ?? '')
}

/** What will be sealed, so that nothing shown here is left behind and nothing else goes along. */
function contact(filled: Filled): readonly string[] {
  const plan = sealedContact(filled)
  if (plan === null) return []
  const say = plan.say_who_calling ?? 'nothing'
  return [
    ...(plan.methods ?? []).map((code) => tCode('contact', code)),
    plan.phone ?? '',
    plan.email ?? '',
    plan.methods?.includes('call') ? t(plan.voicemail_ok ? 'said.voicemail_ok' : 'said.voicemail_not') : '',
    plan.methods?.includes('call') ? t('said.say_who', { what: tCode('contact_say_who', say) }) : '',
    plan.times ? t('said.times', { times: plan.times }) : '',
    plan.code_word ? t('said.code_word', { word: plan.code_word }) : '',
    plan.must_not_know ? t('said.must_not_know', { who: plan.must_not_know }) : '',
  ]
}

function sealedContact(filled: Filled) {
  const { safe_contact: plan } = canonical(filled)
  return plan === undefined || plan === 'not_answered' ? null : plan
}

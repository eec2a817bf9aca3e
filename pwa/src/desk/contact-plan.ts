/**
 * How this person may be reached, as an instruction a tired reader cannot get wrong. Silence reads as
 * "do not": what was not allowed is forbidden, and what is hidden is not guessed.
 */

import { atCentre, isPolice } from './shapes.ts'
import type { Role, SafeContact, SharingChoice } from './shapes.ts'
import type { WordKey } from './words.ts'

export type Sentence = { readonly key: WordKey; readonly with?: Readonly<Record<string, string>> }

export type ContactPlan = {
  /** `stop`: nobody here may contact this person. `through`: only by way of the centre. */
  readonly type: 'contact' | 'through' | 'stop'
  /** In the order in which they are needed. Never empty. */
  readonly sentences: readonly Sentence[]
  readonly mustNotKnow: string
}

export type ContactFacts = {
  readonly role: Role
  readonly sharingChoice: SharingChoice
  readonly centreName: string | null
  /** `hidden`: this login may not see it. `not_answered`: asked and skipped, or never asked. */
  readonly contact: SafeContact | 'hidden' | 'not_answered'
}

const DIRECT = ['call', 'text', 'email', 'letter'] as const

export function contactPlan(facts: ContactFacts): ContactPlan {
  const { contact, sharingChoice } = facts
  const mustNotKnow = typeof contact === 'string' ? '' : contact.must_not_know.trim()
  const plan = (type: ContactPlan['type'], ...sentences: Sentence[]) => ({ type, sentences, mustNotKnow })

  if (sharingChoice === 'A2') return plan('stop', { key: 'contact.stop_figures_only' })
  // The centre stands between, whatever else reached this screen.
  if (isPolice(facts.role) && sharingChoice === 'P2') return plan('through', ...throughCentre(facts))
  if (contact === 'hidden') return plan('stop', { key: 'contact.stop_hidden' })
  if (contact === 'not_answered') return plan('stop', { key: 'contact.stop_not_answered' })
  if (contact.methods.includes('no_contact')) return plan('stop', { key: 'contact.stop_asked' })

  const methods = DIRECT.filter((method) => contact.methods.includes(method))
  const viaCentre = contact.methods.includes('via_centre')
  if (methods.length === 0) {
    return viaCentre ? plan('through', ...throughCentre(facts)) : plan('stop', { key: 'contact.stop_not_answered' })
  }
  const ways = methods.map((method) => way(method, contact))
  if (viaCentre) ways.push(centreSentence('contact.or', facts.centreName))
  return plan('contact', ...ways, ...rules(methods, contact))
}

type Method = (typeof DIRECT)[number]

function way(method: Method, contact: SafeContact): Sentence {
  const phone = contact.phone.trim()
  const email = contact.email.trim()
  switch (method) {
    case 'call':
      return phone ? { key: 'contact.call', with: { phone } } : { key: 'contact.call_no_number' }
    case 'text':
      return phone ? { key: 'contact.text', with: { phone } } : { key: 'contact.text_no_number' }
    case 'email':
      return email ? { key: 'contact.email', with: { email } } : { key: 'contact.email_no_address' }
    case 'letter':
      return { key: 'contact.letter' }
  }
}

function rules(methods: readonly Method[], contact: SafeContact): Sentence[] {
  const times = contact.times.trim()
  const word = contact.code_word.trim()
  const said: Sentence[] = []
  if (times) said.push({ key: 'contact.times', with: { times } })
  if (word) said.push({ key: 'contact.code_word', with: { word } })
  said.push({ key: `contact.say_${contact.say_who_calling}` })
  if (methods.includes('call')) said.push({ key: contact.voicemail_ok ? 'contact.voicemail_yes' : 'contact.voicemail_no' })
  return said
}

function throughCentre(facts: ContactFacts): Sentence[] {
  if (atCentre(facts.role)) return [{ key: 'contact.at_the_centre' }]
  return [centreSentence('contact.through', facts.centreName), { key: 'contact.not_directly' }]
}

function centreSentence(stem: 'contact.through' | 'contact.or', name: string | null): Sentence {
  return name === null ? { key: `${stem}_a_centre` } : { key: `${stem}_centre`, with: { centre: name } }
}

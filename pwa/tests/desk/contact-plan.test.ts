import { describe, expect, it } from 'vitest'
import { contactPlan } from '../../src/desk/contact-plan.ts'
import type { ContactFacts } from '../../src/desk/contact-plan.ts'
import { readSafeContact } from '../../src/desk/shapes.ts'
import { say } from '../../src/desk/words.ts'

const contact = (given: Record<string, unknown>) => readSafeContact(given, 'contact')
const called = { methods: ['call'], phone: '01632 960 123' }

const triage = (part: Partial<ContactFacts>): ContactFacts => ({
  role: 'police_triage',
  sharingChoice: 'P1',
  centreName: 'Harbour Library',
  contact: contact(called),
  ...part,
})

const read = (facts: ContactFacts) => {
  const plan = contactPlan(facts)
  return `${plan.type}: ${plan.sentences.map((it) => say(it.key, it.with)).join(' ')}`
}

const UNSURE = 'Do not say who you are or where you are from until you are sure who you are speaking to.'
const HIDDEN = 'Their contact details are not shared with your organisation.'
const NO_WAY = 'They gave no safe way to reach them. Wait for them to come back.'
const THROUGH = 'Go through Harbour Library. The centre keeps their details and speaks with them.'

const CASES: readonly [string, Partial<ContactFacts>, string][] = [
  [
    'call with times and a code word',
    { contact: contact({ ...called, times: 'Tue 10–12', code_word: 'library', say_who_calling: 'first_name' }) },
    'contact: Call 01632 960 123. Only at these times: Tue 10–12. Say “library” first, so that they know it is you. ' +
      'Give only your first name. Do not name your organisation. Do not leave a message.',
  ],
  ['silence about messages and names is a no', {}, `contact: Call 01632 960 123. ${UNSURE} Do not leave a message.`],
  [
    'voicemail is allowed only when it was',
    { contact: contact({ ...called, voicemail_ok: true, say_who_calling: 'organisation' }) },
    'contact: Call 01632 960 123. You may say which organisation you are from. You may leave a message.',
  ],
  [
    'an unknown code for naming oneself is the most careful one',
    { contact: contact({ ...called, say_who_calling: 'anything' }) },
    `contact: Call 01632 960 123. ${UNSURE} Do not leave a message.`,
  ],
  [
    'email says nothing of voicemail',
    { contact: contact({ methods: ['email'], email: 'sam@example.org' }) },
    `contact: Email sam@example.org. ${UNSURE}`,
  ],
  [
    'several ways keep one order, with the centre last',
    { contact: contact({ methods: ['via_centre', 'text', 'call'], phone: '01632 960 123' }) },
    'contact: Call 01632 960 123. Send a text to 01632 960 123. Or go through Harbour Library. ' +
      `${UNSURE} Do not leave a message.`,
  ],
  [
    'a way without its number says so',
    { contact: contact({ methods: ['call', 'text', 'email', 'letter'], phone: ' ' }) },
    'contact: They can be called, but gave no number. They can get texts, but gave no number. ' +
      `They can get email, but gave no address. Letters are safe. ${UNSURE} Do not leave a message.`,
  ],
  [
    'no contact wins over every other way',
    { contact: contact({ ...called, methods: ['call', 'no_contact', 'via_centre'] }) },
    'stop: They asked that nobody contacts them.',
  ],
  ['the centre alone', { contact: contact({ methods: ['via_centre'] }) }, `through: ${THROUGH}`],
  [
    'the centre alone, without its name',
    { contact: contact({ methods: ['via_centre'] }), centreName: null },
    'through: Go through the receiving centre. The centre keeps their details and speaks with them.',
  ],
  [
    'the centre alone, read at the centre',
    { contact: contact({ methods: ['via_centre'] }), role: 'centre_worker', sharingChoice: 'U1' },
    'through: They will hear from you at the centre. Do not call or write to them.',
  ],
  ['a go-between keeps police away even from a number that reached them', { sharingChoice: 'P2' }, `through: ${THROUGH}`],
  ['a go-between, contact hidden', { sharingChoice: 'P2', contact: 'hidden' }, `through: ${THROUGH}`],
  [
    'the go-between itself may call',
    { sharingChoice: 'P2', role: 'centre_worker' },
    `contact: Call 01632 960 123. ${UNSURE} Do not leave a message.`,
  ],
  ['no details released', { sharingChoice: 'P3', contact: 'hidden' }, `stop: ${HIDDEN}`],
  ['hidden although released is still hidden', { contact: 'hidden' }, `stop: ${HIDDEN}`],
  ['nothing answered', { contact: 'not_answered' }, `stop: ${NO_WAY}`],
  ['a number alone allows nothing', { contact: contact({ phone: '01632 960 123' }) }, `stop: ${NO_WAY}`],
  ['a way this desk does not know allows nothing', { contact: contact({ methods: ['pigeon'] }) }, `stop: ${NO_WAY}`],
  [
    'for the figures only, whatever was given',
    { sharingChoice: 'A2', role: 'centre_worker' },
    'stop: This report is anonymous. It is for the figures only.',
  ],
]

describe('the safe-contact plan', () => {
  it.each(CASES)('%s', (_, facts, wanted) => {
    expect(read(triage(facts))).toBe(wanted)
  })

  it('names who must not know in every kind of plan', () => {
    const kept = { must_not_know: 'My landlord' }
    const plans = [['call'], ['via_centre'], ['no_contact'], []].map((methods) =>
      contactPlan(triage({ contact: contact({ ...called, ...kept, methods }) })),
    )

    expect(plans.map((plan) => plan.mustNotKnow)).toEqual(Array(4).fill('My landlord'))
    expect(plans.map((plan) => plan.type)).toEqual(['contact', 'through', 'stop', 'stop'])
  })
})

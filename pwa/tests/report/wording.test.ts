import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import vectors from '../../../sync/vectors/validation.json'
import ar from '../../src/i18n/ar.json'
import en from '../../src/i18n/en.json'
import { fieldOf, optionsOf, STEPS } from '../../src/report/graph.ts'
import { errorText, warningText, whyNotSent } from '../../src/report/words.ts'

const TOPIC = /hate|crime|polic|victim|report|incident|abuse/i
const CONTRACTION = /\b\w+(n['’]t|['’](ll|ve|re|d|m))\b|\b(it|that|there|what|who|let|here)['’]s\b/i
const IDIOM = /\b(fill (in|out)|find out|carry on|get in touch|sort out|look into|log in|sign up|set off|deal with|speak up)\b/i
const WORDS_A_SENTENCE_MAX = 25
const MEAN_WORDS_MAX = 15

type Entry = readonly [key: string, text: string]

function texts(catalogue: object): readonly Entry[] {
  return Object.entries(catalogue).flatMap(([key, message]): readonly Entry[] =>
    typeof message === 'string' ? [[key, message]] : Object.values(message as object).map((text): Entry => [key, String(text)]),
  )
}

function placeholders(text: string): readonly string[] {
  return [...new Set(text.match(/\{\w+\}/g) ?? [])].sort()
}

function sentences(text: string): readonly string[] {
  return text.split(/[.?!:]\s+/).filter((sentence) => sentence.trim() !== '')
}

describe('the two languages say the same things', () => {
  test('every key is in both', () => {
    expect(Object.keys(ar).sort()).toEqual(Object.keys(en).sort())
  })

  test('every value that is filled in is in both', () => {
    const arabic: Readonly<Record<string, unknown>> = ar
    for (const [key, message] of Object.entries(en)) {
      const [wanted, other] = [message, arabic[key]].map((each) => placeholders(typeof each === 'string' ? each : String(texts({ each }).at(-1)?.[1])))
      expect(other, key).toEqual(wanted)
    }
  })

  test('each plural has every form of its language', () => {
    for (const [code, catalogue] of Object.entries({ en, ar }))
      for (const [key, message] of Object.entries(catalogue))
        if (typeof message !== 'string')
          expect(Object.keys(message).sort(), key).toEqual([...new Intl.PluralRules(code).resolvedOptions().pluralCategories].sort())
  })

  test('nothing but the note about the translation is empty or left in English', () => {
    for (const [key, text] of texts(en)) if (key !== 'app.unchecked') expect(text, key).not.toBe('')
    for (const [key, text] of texts(ar)) if (!/^(app\.name|title\.|nav\.|outbox\.age)/.test(key)) expect(text, key).toMatch(/[\u0600-\u06ff]|^\{/)
  })
})

describe('the words are plain', () => {
  test.each(texts(en))('%s', (key, text) => {
    expect(text, 'no contraction').not.toMatch(CONTRACTION)
    expect(text, 'no idiom').not.toMatch(IDIOM)
    for (const sentence of sentences(text)) expect(sentence.split(/\s+/).length, sentence).toBeLessThanOrEqual(WORDS_A_SENTENCE_MAX)
    if (/hint$/.test(key)) {
      expect(text, 'a hint is one short sentence without a full stop').not.toMatch(/\.$/)
      expect(text.length).toBeLessThanOrEqual(80)
    }
    if (/^error\./.test(key)) expect(text, 'an error has no full stop').not.toMatch(/\.$/)
  })

  test('sentences are short on the whole', () => {
    const lengths = texts(en).flatMap(([, text]) => sentences(text).map((sentence) => sentence.split(/\s+/).length))
    expect(lengths.reduce((sum, length) => sum + length, 0) / lengths.length).toBeLessThanOrEqual(MEAN_WORDS_MAX)
  })

  test('nobody is an "Other"', () => {
    for (const [key, text] of texts(en)) if (/^(strand|sub|event_type|reporter_role)\./.test(key)) expect(text).not.toMatch(/^others?$/i)
  })
})

describe('what others may see is silent about the topic', () => {
  test('titles', () => {
    const titles = texts(en).filter(([key]) => key.startsWith('title.'))
    for (const [key, text] of titles) expect(text, key).not.toMatch(TOPIC)
    expect(new Set(titles.map(([, text]) => text)).size).toBe(titles.length)
  })

  test.each(['public/manifest.webmanifest', 'index.html', 'public/leaving.html'])('%s', (name) => {
    const file = readFileSync(resolve(import.meta.dirname, '../..', name), 'utf8')
    expect(file.replace(/src="[^"]*"|<noscript>[^]*<\/noscript>/g, '')).not.toMatch(TOPIC)
  })

  test('the neutral page does not name the app', () => {
    expect(readFileSync(resolve(import.meta.dirname, '../../public/leaving.html'), 'utf8')).not.toMatch(/waymark/i)
  })

  test('the name of a sealed copy', () => {
    const source = readFileSync(resolve(import.meta.dirname, '../../src/report/sealed-copy.tsx'), 'utf8')
    const name = /FILE_NAME = '([^']+)'/.exec(source)?.[1]
    expect(name).toBeDefined()
    expect(name).not.toMatch(TOPIC)
  })
})

describe('every code has words', () => {
  const PREFIX: Readonly<Record<string, string>> = {
    reporter_role: 'reporter_role',
    event_types: 'event_type',
    strands: 'strand',
    sub_strands: 'sub',
    when_precision: 'when',
    place_type: 'place',
    sharing_choice: 'sharing_choice',
    contact_methods: 'contact',
    contact_voicemail: 'contact_voicemail',
    contact_say_who: 'contact_say_who',
    support_needs: 'need',
    preferred_language: 'language',
  }

  test.each(Object.entries(PREFIX))('%s', (field, prefix) => {
    const step = STEPS.find((each) => each.fields.some((one) => one.id === field))
    const missing = optionsOf(fieldOf(step?.id ?? '', field)).filter((code) => !(`${prefix}.${code}` in en))
    expect(missing).toEqual([])
  })

  test('every sharing choice says who will see it', () => {
    for (const code of optionsOf(fieldOf('sharing_choice'))) expect(en).toHaveProperty([`seen.${code}`])
  })

  test('every error and warning of the vectors', () => {
    for (const { errors, warnings } of vectors.steps as readonly { errors: string[][]; warnings: string[][] }[]) {
      for (const [field = '', code = ''] of errors)
        if (code !== 'unknown_code') expect(errorText({ field, code }), `${field} ${code}`).not.toBe(en['error.unknown_code'])
      for (const [field = '', code = ''] of warnings) expect(warningText({ field, code })).not.toBe('')
    }
  })

  test.each([
    ['no_connection', en['why_not.offline']],
    ['timeout', en['why_not.network']],
    ['not_the_service', en['why_not.untrusted']],
    ['http_404', en['why_not.untrusted']],
    ['http_429', en['why_not.busy']],
    ['http_503', en['why_not.busy']],
    ['http_500', en['why_not.server']],
    ['too_large', en['why_not.rejected']],
    ['something_new', en['why_not.other']],
  ])('why it was not sent: %s', (code, words) => {
    expect(whyNotSent(code)).toBe(words)
  })
})

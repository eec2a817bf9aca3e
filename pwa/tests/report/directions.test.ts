import { afterEach, describe, expect, test } from 'vitest'
import { setLanguage, t } from '../../src/i18n/index.ts'

const [APART, TOGETHER] = ['\u2068', '\u2069']

afterEach(() => setLanguage('en'))

describe('a name keeps its own direction, and what follows it its place', () => {
  test('a Latin name in Arabic', async () => {
    await setLanguage('ar')
    expect(t('outbox.from', { name: 'Northshire Police (demonstration)', when: '٢٣ نوفمبر' })).toContain(
      `${APART}Northshire Police (demonstration)${TOGETHER}`,
    )
  })

  test('an Arabic word in English', () => {
    expect(t('return.unknown_word', { place: 3, word: 'كلمة' })).toContain(`${APART}كلمة${TOGETHER}. Check`)
  })

  test.each([
    ['en', 'Harbour Library'],
    ['ar', 'مكتبة الميناء'],
    ['ar', '01632 960103'],
  ])('in %s nothing is put around %s', async (code, name) => {
    await setLanguage(code)
    expect(t('app.tablet_of', { centre: name })).not.toContain(APART)
  })
})

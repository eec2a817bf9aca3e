import { expect, test } from 'vitest'
import { readBy, stageOf } from '../../src/report/return/mailbox-state.ts'
import type { FeedMessage } from '../../src/sync/index.ts'

const message = (kind: string, more: Partial<FeedMessage> = {}): FeedMessage => ({
  id: kind,
  kind,
  at: '2026-01-02T03:04:05.678Z',
  fromName: 'Harbour Library',
  text: 'words',
  asks: false,
  code: '',
  services: [],
  access: null,
  ...more,
})
const ack = message('ack')
const question = message('message', { asks: true, id: 'q' })
const decision = message('status', { code: 'crime_recorded' })
const closed = message('status', { code: 'closed.all_done' })

test.each([
  ['received', [], []],
  ['received', [message('needs_attention')], []],
  ['read', [ack], []],
  ['read', [ack, message('message')], []],
  ['question', [ack, question], []],
  ['read', [ack, question], ['q']],
  ['decided', [ack, question, decision], []],
  ['question', [ack, decision, question], []],
  ['decided', [ack, decision, question], ['q']],
  ['closed', [ack, decision, closed], []],
] as const)('%s', (stage, messages, answered) => {
  expect(stageOf(messages, new Set<string>(answered))).toBe(stage)
})

test('who has read it last gives the name', () => {
  expect(readBy([ack, message('ack', { fromName: 'Northshire Police' })])).toBe('Northshire Police')
  expect(readBy([])).toBe('')
})

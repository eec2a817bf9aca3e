import { expect, test } from 'vitest'
import { toBase64url } from '../../src/sync/bytes.ts'
import { subscribeText } from '../../src/sync/knocks-wire.ts'
import { bytes, vectors } from './vectors.ts'

type Place = { endpoint: string; p256dh: string; auth: string }
type Case = { device_id: string; challenge: string; place: Place | null; text: string }

test.each(vectors<{ texts: Case[] }>('knock').texts)('the place is signed with its keys: $place', (told) => {
  const { place } = told
  const where = place && { endpoint: place.endpoint, p256dh: bytes(place.p256dh), auth: bytes(place.auth) }
  const text = subscribeText({ deviceId: told.device_id, challenge: told.challenge, place: where ?? undefined })
  expect(toBase64url(text)).toBe(told.text)
})

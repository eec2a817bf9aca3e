/**
 * Exit: what a visitor's sent reports left here is wiped or hidden. Keys and feed go, so that no answer
 * can be opened on this phone any more; the sealed bytes stay, unreadable and unlisted, as long as the
 * service may yet lose its copy. Never touched: an unsent report, the keys that will open its answer, and
 * what belongs to a centre's tablet.
 */

import { REACHED } from './contact.ts'
import { ENROLMENT } from './device.ts'
import { dropFeedKey } from './feed-key.ts'
import { dropArrived } from './files-store.ts'
import { result } from './indexed-db.ts'
import { KNOCKS } from './knocks-wire.ts'
import { type FeedEntry, hasArrived, type Parcel, stores } from './parcels.ts'

export async function leave(): Promise<void> {
  const { left, empty } = await stores.write(['parcels', 'device_keys', 'feed', 'kv'], async (store) => {
    // From now on no knock is shown on this phone. The service worker then gives the subscription up.
    if ((await result<unknown>(store('kv').get(ENROLMENT))) === undefined)
      for (const told of [KNOCKS, REACHED]) await result(store('kv').delete(told))
    const parcels = await result<Parcel[]>(store('parcels').getAll())
    const left = parcels.filter((each) => each.mode === 'visitor' && hasArrived(each))
    const feeds: ReadonlySet<string> = new Set(left.map((each) => each.deviceId))
    for (const each of left) await result(store('parcels').put({ ...each, hidden: true } satisfies Parcel))
    for (const entry of await result<FeedEntry[]>(store('feed').getAll()))
      if (feeds.has(entry.feedId)) await result(store('feed').delete([entry.feedId, entry.id]))
    for (const feedId of feeds) {
      await result(store('device_keys').delete(feedId))
      await result(store('kv').delete(`cursor:${feedId}`))
    }
    return { left, empty: (await result<number>(store('feed').count())) === 0 }
  })
  if (empty) await dropFeedKey()
  await dropArrived(new Set(left.map((each) => each.itemId))).catch(() => undefined) // no folder here: no files
}

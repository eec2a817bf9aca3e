import { effect } from '@preact/signals'
import { useEffect, useState } from 'preact/hooks'
import { leftToRight, t } from '../i18n/index.ts'
import { cards } from '../sync/index.ts'
import { HiddenLiveRegion } from '../ui/status.tsx'

/** Says aloud, on any page, what has newly happened to a report. What was there at the start is not news. */
export function Announcements() {
  const [said, setSaid] = useState('')
  useEffect(() => {
    let known: ReadonlyMap<string, string> | null = null
    return effect(() => {
      const now = new Map(cards.value.map((card) => [card.itemId, `${card.state} ${card.messages.length}`]))
      const news = cards.value.find((card) => known?.has(card.itemId) && known.get(card.itemId) !== now.get(card.itemId))
      if ([...(known?.keys() ?? [])].some((itemId) => !now.has(itemId))) setSaid('') // of what was taken off nothing stays
      known = now
      if (news === undefined) return
      if (news.state === 'sent') setSaid(t('outbox.announce_sent', { reference: leftToRight(news.reference) }))
      if (news.state === 'acknowledged') setSaid(t('outbox.announce_message', { reference: leftToRight(news.reference) }))
    })
  }, [])
  return <HiddenLiveRegion text={said} />
}

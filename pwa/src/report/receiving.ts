/** The centre that receives the report, by name, as soon as it is known. It is never a blank on the screen. */

import { computed, signal } from '@preact/signals'
import { type Centre, centres, device, receivingCentre } from '../sync/index.ts'
import { t } from '../i18n/index.ts'
import { ukPostcode } from './contact.ts'
import { filled } from './flow.ts'
import { textIn } from './graph.ts'

const byPlace = signal<Centre | null>(null)
export const allCentres = signal<readonly Centre[]>([])

/** The one chosen, else the tablet's own, else the one for the place. null until the directory is there. */
export const centre = computed<{ readonly id: string; readonly name: string } | null>(() => {
  const own = device.value
  if (own?.mode === 'centre') return { id: own.centreId, name: own.centreName }
  const chosen = textIn(filled.value, 'centre_id')
  return allCentres.value.find((each) => each.id === chosen) ?? byPlace.value
})

export function centreName(): string {
  return centre.value?.name ?? t('seen.centre')
}

export const demonstration = computed(() => centre.value === null || centre.value.id.startsWith('demo-'))

/** Look it up again: after a postcode, and before finishing. Offline it comes from the file on the device. */
export async function findCentre(): Promise<void> {
  const postcode = ukPostcode(textIn(filled.peek(), 'postcode'))
  const [found, all] = await Promise.allSettled([receivingCentre(postcode), centres()])
  if (found.status === 'fulfilled') byPlace.value = found.value
  if (all.status === 'fulfilled') allCentres.value = all.value
}

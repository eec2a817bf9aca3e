/** Pages that are no part of the first load. Most are fetched right after it, before anybody opens them. */

import type { ComponentType } from 'preact'

export type Fetched<Props> = {
  /** Null until it is here. */
  readonly now: () => ComponentType<Props> | null
  readonly fetch: () => Promise<ComponentType<Props>>
}

export const saved = fetched(() => import('./afterwards.ts').then((pages) => pages.SavedPage))
export const outbox = fetched(() => import('./afterwards.ts').then((pages) => pages.OutboxPage))
export const custody = fetched(() => import('./afterwards.ts').then((pages) => pages.CustodyPage))
export const enrol = fetched(() => import('./afterwards.ts').then((pages) => pages.EnrolPage))
export const returning = fetched(() => import('./return/return-page.tsx').then((page) => page.ReturnPage))
export const verify = fetched(() => import('./return/verify-page.tsx').then((page) => page.VerifyPage))
export const pictures = fetched(() => import('./pictures/pictures-page.tsx').then((page) => page.PicturesPage))

/** Whoever finishes a report needs the first two: better early than when the network has gone. */
export async function fetchAhead(): Promise<void> {
  await Promise.allSettled([saved.fetch(), outbox.fetch(), enrol.fetch(), pictures.fetch()])
}

function fetched<Props>(load: () => Promise<ComponentType<Props>>): Fetched<Props> {
  let page: ComponentType<Props> | null = null
  return {
    now: () => page,
    fetch: async () => {
      page ??= await load()
      return page
    },
  }
}

/** The service worker outlives a page, so it finishes what a page that is gone could not. Nothing else is loaded for it. */

/** Whoever was here has left. `registration`: where the page is not the worker's own yet. */
export function tellWorkerLeft(registration: ServiceWorkerRegistration | null = null): void {
  if (!('serviceWorker' in navigator)) return
  const worker = navigator.serviceWorker.controller ?? registration?.active
  worker?.postMessage('left')
}

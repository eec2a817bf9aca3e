/** What is shown when a report is finished, or instead of making one: a part of the app that is fetched as one. */

export { CustodyPage } from './custody-page.tsx'
export { EnrolPage } from './enrol-page.tsx'
export { OutboxPage } from './outbox-page.tsx'
export { SavedPage } from './saved-page.tsx'

import type { Centre, DraftBody, ReceivingCentre, SavedReport, ServiceSuggestion, SuggestionQuery } from './types.ts'
import { SaveFailed } from './types.ts'

export async function start(): Promise<void> {}
export function warm(): void {}
export async function finish(_draft: DraftBody): Promise<SavedReport> {
  throw new SaveFailed('not_loaded')
}
export async function sendNow(): Promise<void> {}
export async function exportQueue(): Promise<Blob> {
  return new Blob()
}
export async function enrol(_code: string): Promise<{ centreName: string }> {
  throw new Error('not ready')
}
export async function suggestServices(_query: SuggestionQuery): Promise<readonly ServiceSuggestion[]> {
  return []
}
export async function directoryVersion(): Promise<string> {
  return ''
}
export async function centres(): Promise<readonly Centre[]> {
  return []
}
export async function receivingCentre(_postcode: string | null): Promise<ReceivingCentre> {
  throw new Error('not ready')
}
export async function wipe(): Promise<void> {}
export async function applyUpdate(): Promise<void> {}

/**
 * Where the person is, and what they have answered. All of it lives in memory and nowhere else: a reload
 * starts again, and leaving the page leaves nothing.
 */

import { batch, computed, signal } from '@preact/signals'
import { device, type SavedReport, type Suggestion, warm } from '../sync/index.ts'
import { subStrandsOpen } from './checks.ts'
import { forgetCode } from './code.ts'
import { codesIn, type Filled, LIMITS_TEXT_VERSION, type Step, visibleSteps } from './graph.ts'
import { forgetPhotos } from './photos.ts'

export type Finished = {
  readonly saved: SavedReport
  readonly centreName: string
  readonly services: readonly Suggestion[]
  /** What was told may go on or come back: what to do in danger stands before everything else. */
  readonly danger: boolean
  /** Shown until this page is left; then nothing here knows it any more. */
  readonly returnCode: string | null
}
/** Pages beside the report: leaving one leads back to where the person was. */
export type Aside = 'outbox' | 'custody' | 'enrol' | 'return' | 'verify'
export type View =
  | { readonly type: 'start' }
  | { readonly type: 'step'; readonly id: string }
  | { readonly type: 'check' }
  | { readonly type: 'saved'; readonly finished: Finished }
  | { readonly type: Aside }

const START: View = { type: 'start' }
const ASIDES: ReadonlySet<string> = new Set<Aside>(['outbox', 'custody', 'enrol', 'return', 'verify'])
const WARM_AT = 1 // from the second step on, the store has time to wake while the person answers

export const view = signal<View>(START)
export const filled = signal<Filled>({})
/** Asked only what must be answered. */
export const short = signal(false)
/** Came from the check page to change one answer: go straight back to it. */
const changing = signal(false)
/** The page to return to from the list or the set-up page. */
const behind = signal<View>(START)
/** The page about the device was opened from the list, and leads back there. */
const fromList = signal(false)
export const startedAt = signal('')
/** Back was pressed while the return code still stood on the page. */
export const parting = signal(false)

/** The steps of this report, in order, as the person has chosen to be asked. */
export const steps = computed<readonly Step[]>(() => visibleSteps(filled.value).filter(asked))

function asked(step: Step): boolean {
  if (step.id === 'centre' && device.value?.mode === 'centre') return false // the tablet's own centre receives it
  return !short.value || mandatory(step)
}

/** Without these a report cannot be finished; with one's details released, a way of contact is one of them. */
export function mandatory(step: Step): boolean {
  const promised = step.id === 'contact' && filled.value['sharing_choice'] === 'P1'
  return promised || step.fields.some((field) => field.required)
}

/** A form is in progress: there is something to lose. */
export const inProgress = computed(() => view.value.type === 'step' || view.value.type === 'check')

/** 1 for the first step; the check page comes after the last. */
export function stepNumber(): number {
  const now = view.value
  if (now.type !== 'step') return steps.value.length + 1
  const place = (all: readonly Step[]) => all.findIndex((step) => step.id === now.id) + 1
  return place(steps.value) || place(visibleSteps(filled.value))
}

export function answer(fields: Filled): void {
  filled.value = { ...filled.value, ...fields }
}

export function begin(): void {
  batch(() => {
    startedAt.value = new Date().toISOString()
    show(steps.value[0]?.id)
  })
}

export function acknowledge(onlyMandatory: boolean): void {
  batch(() => {
    short.value = onlyMandatory
    answer({ confidentiality_limits_ack: { at: new Date().toISOString(), text_version: LIMITS_TEXT_VERSION } })
    forward('limits')
  })
}

/** On from a step whose answer is good. */
export function forward(from: string): void {
  batch(() => {
    if (from === 'strands') pruneSubStrands()
    if (changing.value && !opensMore(from)) {
      changing.value = false
      view.value = { type: 'check' }
      return
    }
    changing.value = false
    const place = steps.value.findIndex((step) => step.id === from)
    if (place + 1 >= WARM_AT) warm()
    show(steps.value[place + 1]?.id)
  })
}

/** A changed choice that now needs a step which nobody has seen yet. */
function opensMore(from: string): boolean {
  const needsContact = from === 'sharing_choice' && filled.value['sharing_choice'] === 'P1'
  return needsContact && codesIn(filled.value, 'contact_methods').length === 0
}

export function skip(step: Step): void {
  const cleared = Object.fromEntries(step.fields.map((field) => [field.id, undefined]))
  // Details promised to the police and no way to use them: that is said as an answer.
  answer(step.id === 'contact' && mandatory(step) ? { ...cleared, contact_methods: ['no_contact'] } : cleared)
  forward(step.id)
}

export function skipRest(step: Step): void {
  short.value = true
  const later = steps.value.find((each) => orderOf(each) > orderOf(step))
  show(later?.id)
}

function orderOf(step: Step): number {
  return visibleSteps(filled.value).indexOf(step)
}

/** False at the very start, where Back belongs to the browser. */
export function back(): boolean {
  const now = view.value
  if (now.type === 'start') return false
  if (now.type === 'custody' && fromList.value) view.value = { type: 'outbox' }
  else if (ASIDES.has(now.type)) view.value = behind.value
  else if (now.type === 'saved') part(now.finished)
  else if (changing.value) batch(() => ((changing.value = false), (view.value = { type: 'check' })))
  else stepBack(now)
  return true
}

/** A code that is shown only once is not lost by one Back: the second one leaves. */
function part({ returnCode }: Finished): void {
  if (returnCode === null || parting.value) restart()
  else parting.value = true
}

function stepBack(now: View): void {
  const all = visibleSteps(filled.value)
  const place = now.type === 'step' ? all.findIndex((step) => step.id === now.id) : all.length
  const before = steps.value.filter((step) => all.indexOf(step) < place).at(-1)
  view.value = before === undefined ? START : { type: 'step', id: before.id }
}

export function change(id: string): void {
  batch(() => ((changing.value = true), (view.value = { type: 'step', id })))
}

export function open(type: Aside): void {
  if (view.value.type === type) return
  if (!ASIDES.has(view.value.type)) behind.value = view.value
  fromList.value = view.value.type === 'outbox'
  parting.value = false
  view.value = { type }
}

/** The code is written down: it need not stand on the page, nor in memory. */
export function hideCode(): void {
  const now = view.value
  if (now.type !== 'saved') return
  batch(() => {
    parting.value = false
    view.value = { type: 'saved', finished: { ...now.finished, returnCode: null } }
  })
}

/** The answers leave memory: from here on the device can send the report and cannot read it. */
export function finished(result: Finished): void {
  batch(() => {
    forget()
    view.value = { type: 'saved', finished: result }
  })
}

export function restart(): void {
  batch(() => {
    forget()
    view.value = START
  })
}

function forget(): void {
  batch(() => {
    filled.value = {}
    short.value = false
    changing.value = false
    behind.value = START
    startedAt.value = ''
    parting.value = false
    forgetCode()
    forgetPhotos()
  })
}

function show(id: string | undefined): void {
  view.value = id === undefined ? { type: 'check' } : { type: 'step', id }
}

function pruneSubStrands(): void {
  const open = subStrandsOpen(filled.value)
  answer({ sub_strands: codesIn(filled.value, 'sub_strands').filter((code) => open.has(code)) })
}

import type { ComponentType } from 'preact'
import type { Fault } from '../checks.ts'
import { CentreQuestion } from './centre.tsx'
import { ContactQuestion } from './contact.tsx'
import { EventTypesQuestion } from './event-types.tsx'
import { NarrativeQuestion } from './narrative.tsx'
import { NameQuestion, PlaceQuestion } from './place.tsx'
import { PlaceTypeQuestion } from './place-type.tsx'
import { ReporterRoleQuestion } from './reporter-role.tsx'
import { SharingQuestion } from './sharing.tsx'
import { LanguageQuestion, SupportNeedsQuestion } from './help.tsx'
import { StrandsQuestion, SubStrandsQuestion } from './strands.tsx'
import { WhenQuestion } from './when.tsx'

export type QuestionProps = { readonly errors: readonly Fault[] }

const QUESTIONS: Readonly<Record<string, ComponentType<QuestionProps>>> = {
  reporter_role: ReporterRoleQuestion,
  narrative: NarrativeQuestion,
  event_types: EventTypesQuestion,
  strands: StrandsQuestion,
  sub_strands: SubStrandsQuestion,
  when: WhenQuestion,
  place_type: PlaceTypeQuestion,
  place: PlaceQuestion,
  sharing_choice: SharingQuestion,
  centre: CentreQuestion,
  name: NameQuestion,
  contact: ContactQuestion,
  support_needs: SupportNeedsQuestion,
  preferred_language: LanguageQuestion,
}

/** The body of a step: its fields with their words. */
export function Question({ id, errors }: QuestionProps & { readonly id: string }) {
  const Body = QUESTIONS[id]
  return Body === undefined ? null : <Body errors={errors} />
}

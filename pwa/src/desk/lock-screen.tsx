import type { JSX } from 'preact'
import { Heading } from './heading.tsx'
import { leave, unlocked } from './session.ts'
import type { User } from './shapes.ts'
import { ShowItForm } from './show-it-form.tsx'
import { say } from './words.ts'

/** In place of the page that was left. Nothing of a report is in it, and nothing to ask for one with. */
export function LockScreen({ user }: { user: User }): JSX.Element {
  return (
    <div class="wm-column desk-locked">
      <ShowItForm
        id="unlock"
        title={
          <>
            <Heading>{say('left.title')}</Heading>
            <p class="govuk-body">{say('left.who', { name: user.name })}</p>
          </>
        }
        submit={say('left.unlock')}
        cancel={say('header.switch')}
        onShown={unlocked}
        onCancel={() => void leave()}
      />
    </div>
  )
}

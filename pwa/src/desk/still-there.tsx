import type { JSX } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
import { Button } from '../ui/button.tsx'
import { isWarned, touched } from './watch.ts'
import { say } from './words.ts'

/** A minute before the page locks. A click anywhere and any key is an answer; what was typed below stays. */
export function StillThere(): JSX.Element | null {
  return isWarned.value ? <Asking /> : null
}

function Asking(): JSX.Element {
  const box = useRef<HTMLDialogElement>(null)
  useEffect(() => {
    const dialog = box.current
    const before = document.activeElement
    dialog?.showModal()
    return () => {
      dialog?.close() // as long as it is open, nothing below takes the focus
      if (before instanceof HTMLElement) before.focus({ preventScroll: true })
    }
  }, [])
  return (
    <dialog
      class="desk-ask"
      ref={box}
      role="alertdialog"
      aria-labelledby="still-title"
      aria-describedby="still-text"
      onCancel={touched}
      onClick={touched}
      onKeyUp={touched}
    >
      <h2 class="govuk-heading-m" id="still-title">{say('left.still')}</h2>
      <p class="govuk-body" id="still-text">{say('left.soon')}</p>
      <Button>{say('left.here')}</Button>
    </dialog>
  )
}

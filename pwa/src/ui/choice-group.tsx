import { useState } from 'preact/hooks'
import type { Words } from './words.ts'

type ChoiceGroupProps = {
  readonly title: Words
  /** For example "2 chosen", empty when none is. */
  readonly count: string
  readonly children: Words
}

/** One fold of a long list of choices. It starts open when it already holds a chosen one. */
export function ChoiceGroup({ title, count, children }: ChoiceGroupProps) {
  const [openAtFirst] = useState(count !== '')
  return (
    <details class="wm-group" open={openAtFirst}>
      <summary class="wm-group__summary">
        <span>{title}</span>
        <span class="wm-group__count">{count}</span>
      </summary>
      <div class="wm-group__body">{children}</div>
    </details>
  )
}

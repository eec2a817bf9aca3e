import type { JSX } from 'preact'
import { Input } from '../ui/input.tsx'
import { say } from './words.ts'

type Props = {
  readonly id: string
  readonly value: string
  readonly onInput: (value: string) => void
  readonly error?: string | undefined
}

/** One field for both: six digits of an app, or a code on paper. */
export function CodeInput(props: Props): JSX.Element {
  return (
    <Input
      {...props}
      label={say('login.code')}
      hint={say('login.code_hint')}
      autoComplete="one-time-code"
      spellCheck={false}
      width={20}
      dir="ltr"
    />
  )
}

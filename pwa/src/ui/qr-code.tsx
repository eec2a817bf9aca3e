import type { JSX } from 'preact'
import { encode } from 'uqr'

const QUIET = 4 // modules of white all around, as the standard asks

/** Dark on white in every colour scheme: cameras read no other. `label` says what it holds. */
export function QrCode({ text, label }: { readonly text: string; readonly label: string }): JSX.Element {
  const { data, size } = encode(text, { ecc: 'M', border: QUIET })
  return (
    <svg class="wm-qr" viewBox={`0 0 ${size} ${size}`} role="img" aria-label={label} shape-rendering="crispEdges">
      <rect width={size} height={size} fill="#fff" />
      <path d={darkOf(data)} fill="#000" />
    </svg>
  )
}

/** One stroke for each run of dark modules. */
export function darkOf(rows: readonly (readonly boolean[])[]): string {
  return rows
    .flatMap((row, y) => [...row.map((dark) => (dark ? '1' : '0')).join('').matchAll(/1+/gu)].map((run) => stroke(run, y)))
    .join('')
}

function stroke(run: RegExpExecArray, y: number): string {
  return `M${run.index} ${y}h${run[0].length}v1h-${run[0].length}z`
}

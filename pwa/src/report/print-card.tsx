import { render } from 'preact'
import { t } from '../i18n/index.ts'
import { isNumber, ShownCode } from './shown-code.tsx'

const CLASS = 'wm-print-card'
const AFTER_MS = 60_000 // for browsers that tell nobody when printing is over

/** Of the size of a bank card, with nothing on it that says what it is for. It is there only to be printed. */
export function printCard(code: string): void {
  const sheet = document.createElement('div')
  sheet.className = CLASS
  document.body.append(sheet)
  render(<Card code={code} />, sheet)
  document.documentElement.dataset['print'] = 'card'
  const done = () => {
    delete document.documentElement.dataset['print']
    render(null, sheet)
    sheet.remove()
  }
  addEventListener('afterprint', done, { once: true })
  setTimeout(done, AFTER_MS)
  print()
}

function Card({ code }: { readonly code: string }) {
  return (
    <>
      <p>{t(isNumber(code) ? 'code.card_number' : 'code.card_words')}</p>
      <ShownCode code={code} />
      <p dir="ltr">{`${location.host}/return`}</p>
    </>
  )
}

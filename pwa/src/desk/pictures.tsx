import type { JSX } from 'preact'
import { useRef, useState } from 'preact/hooks'
import { Button, ButtonGroup } from '../ui/button.tsx'
import { pictureAddress } from './api.ts'
import type { Attachment, OpenReport } from './report-shape.ts'
import { groupOf, Original, TextFile } from './originals.tsx'
import { isWordKey, say, sayCount } from './words.ts'

/** What was sent beside the words. Nothing of a picture is asked for before somebody wants to see it. */
export function PicturesPart({ report }: { report: OpenReport }): JSX.Element | null {
  const all = report.attachments
  if (all.length === 0) return null
  const waiting = all.filter((one) => one.state === 'waiting').length
  const closed = all.filter((one) => one.reason === 'cannot_open' || one.reason === 'not_in_report').length
  return (
    <section aria-labelledby="pictures">
      <h2 class="govuk-heading-m" id="pictures">{say('pictures.title')}</h2>
      <p class="govuk-body">
        {waiting === 0
          ? sayCount('pictures.all_here', all.length)
          : say('pictures.waiting', { here: all.length - waiting, all: all.length })}
        {closed > 0 && ` ${say('pictures.not_opened', { count: closed })}`}
      </p>
      <ul class="desk-pictures">
        {all.map((one, index) => (
          <li key={one.att_id}>
            <Picture reportId={report.head.id} one={one} number={index + 1} of={all.length} />
          </li>
        ))}
      </ul>
    </section>
  )
}

type PictureProps = { readonly reportId: string; readonly one: Attachment; readonly number: number; readonly of: number }

function Picture({ reportId, one, number, of }: PictureProps): JSX.Element {
  const [open, setOpen] = useState(false)
  const [failed, setFailed] = useState(false)
  const large = useRef<HTMLDialogElement>(null)
  const name = say('pictures.name', { number, of })
  const address = pictureAddress(reportId, one.att_id)
  const alt = one.caption === '' ? say('pictures.no_caption', { name }) : one.caption
  const shown = one.state === 'shown'
  const words = one.media_type === 'text/plain'
  return (
    <figure class="desk-picture">
      {open && words && <TextFile reportId={reportId} attId={one.att_id} name={name} onError={() => setFailed(true)} />}
      {open && !words && (
        <img class="desk-picture__image" src={address} alt={alt} dir="auto" onError={() => setFailed(true)} />
      )}
      {!open && (
        <div class={`desk-picture__cover${shown && !words ? ' desk-picture__cover--blurred' : ''}`}>
          <span>{shown ? name : stateWords(one)}</span>
        </div>
      )}
      <figcaption>
        {one.caption !== '' && <p class="govuk-body desk-last"><strong>{say('pictures.caption')}</strong> <span dir="auto">{one.caption}</span></p>}
        {one.kind === null && isWordKey(`pictures.details_${one.hidden_details}`) && (
          <p class="govuk-body-s desk-quiet">{say(`pictures.details_${one.hidden_details}` as 'pictures.details_kept')}</p>
        )}
        {failed && <p class="govuk-error-message" role="alert">{say('pictures.failed')}</p>}
        {shown && (
          <ButtonGroup>
            <Button kind="secondary" className="desk-last" onClick={() => setOpen(!open)}>
              {say(open ? 'pictures.hide' : 'pictures.show', { name })}
            </Button>
            {open && !words && (
              <Button kind="secondary" className="desk-last" onClick={() => large.current?.showModal()}>
                {say('pictures.large', { name })}
              </Button>
            )}
          </ButtonGroup>
        )}
        {one.kind !== null && <Original reportId={reportId} attId={one.att_id} kind={one.kind} name={name} />}
      </figcaption>
      {open && !words && (
        <dialog class="desk-large" ref={large} aria-label={name}>
          <form method="dialog">
            <Button submit kind="secondary">{say('pictures.close')}</Button>
          </form>
          <img src={address} alt={alt} dir="auto" />
        </dialog>
      )}
    </figure>
  )
}

function stateWords(one: Attachment): string {
  if (one.state === 'waiting') {
    const part = one.size === 0 ? 0 : Math.floor((100 * one.offset) / one.size)
    return say('pictures.state_waiting', { part })
  }
  if (one.state !== 'unshown') return say('pictures.state_complete')
  if (one.kind !== null) return `${say(groupOf(one.kind))}. ${say('pictures.reason_original_only')}`
  const key = `pictures.reason_${one.reason ?? 'failed'}`
  return say(isWordKey(key) ? key : 'pictures.reason_failed')
}

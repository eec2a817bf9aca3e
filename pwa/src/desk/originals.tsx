import type { JSX } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { Button } from '../ui/button.tsx'
import { originalAddress, wordsOf } from './api.ts'
import { say, type WordKey } from './words.ts'

const PLAYED: ReadonlySet<string> = new Set(['audio/wav', 'audio/mpeg', 'audio/ogg', 'audio/mp4', 'audio/webm', 'audio/aac'])

export function groupOf(kind: string): WordKey {
  if (kind.startsWith('audio/')) return 'pictures.group_sound'
  return kind.startsWith('video/') ? 'pictures.group_video' : 'pictures.group_document'
}

type OriginalProps = { readonly reportId: string; readonly attId: string; readonly kind: string; readonly name: string }

/** A file as a stranger sent it: two steps, and a warning between them. Nothing is asked for before the second. */
export function Original({ reportId, attId, kind, name }: OriginalProps): JSX.Element {
  const [asked, setAsked] = useState(false)
  const address = originalAddress(reportId, attId)
  return (
    <>
      <Button kind="secondary" className="desk-last" onClick={() => setAsked(!asked)}>
        {say(asked ? 'pictures.original_close' : 'pictures.original', { name })}
      </Button>
      <div role="status">
        {asked && (
          <div class="govuk-inset-text">
            <p class="govuk-body">{say('pictures.original_warning')}</p>
            <p class="govuk-body desk-last">{say('pictures.original_record')}</p>
          </div>
        )}
      </div>
      {asked && PLAYED.has(kind) && <audio class="desk-sound" controls preload="none" src={address} aria-label={say('pictures.original_play', { name })} />}
      {asked && (
        <p class="govuk-body desk-last">
          <a class="govuk-link" href={address} download rel="noreferrer">
            {say('pictures.original_save', { name, kind: say(groupOf(kind)) })}
          </a>
        </p>
      )}
    </>
  )
}

type TextFileProps = { readonly reportId: string; readonly attId: string; readonly name: string; readonly onError: () => void }

/** Words as words, whatever they spell. */
export function TextFile({ reportId, attId, name, onError }: TextFileProps): JSX.Element {
  const [text, setText] = useState('')
  useEffect(() => {
    wordsOf(reportId, attId).then(setText, onError)
  }, [reportId, attId])
  return (
    <pre class="desk-text" dir="auto" tabIndex={0} role="region" aria-label={say('pictures.text', { name })}>
      {text}
    </pre>
  )
}

import { useState } from 'preact/hooks'
import { dateTime, language, type MessageKey, t, tCode } from '../i18n/index.ts'
import { type Access, type FeedMessage, type MoreToSay, SaveFailed } from '../sync/index.ts'
import { Button } from '../ui/button.tsx'
import { Details } from '../ui/details.tsx'
import { ErrorMessage, Fieldset, FormGroup } from '../ui/field.tsx'
import { WarningText } from '../ui/notices.tsx'
import { Radios } from '../ui/radios.tsx'
import { LiveRegion } from '../ui/status.tsx'

const GROUPS = ['summary', 'narrative', 'incident', 'strand', 'location', 'pictures', 'identity', 'contact', 'support']

type WhoReadsProps = {
  /** Item id of the report. */
  readonly about: string
  readonly reference: string
  readonly messages: readonly FeedMessage[]
  readonly send: (more: MoreToSay) => Promise<string>
  /** The question or the decision is sealed and on its way. */
  readonly onSaid: (itemId: string) => void
}

/** Who may read a report and who has, as far as it was asked; and what its reporter takes back. */
export function WhoReads({ about, reference, messages, send, onSaid }: WhoReadsProps) {
  const [note, setNote] = useState<MessageKey | null>(null)
  const [busy, setBusy] = useState(false)
  const told = messages.filter((message) => message.access !== null).at(-1)

  const say = async (more: Partial<MoreToSay> & Pick<MoreToSay, 'text'>, done: MessageKey) => {
    setBusy(true)
    try {
      onSaid(await send({ about, uiLanguage: language().code, inReplyTo: null, ...more }))
      setNote(done)
    } catch (failed) {
      setNote(`fail.${failed instanceof SaveFailed ? failed.code : 'unknown'}`)
    }
    setBusy(false)
  }
  return (
    <Details
      summary={
        <>
          {t('who.open')}
          <span class="govuk-visually-hidden"> {reference}</span>
        </>
      }
    >
      {told?.access ? <Told access={told.access} at={told.at} /> : <p class="govuk-body">{t('who.not_asked')}</p>}
      <p class="govuk-body">{t('who.answer')}</p>
      <Button kind="secondary" busy={busy} onClick={() => void say({ text: t('who.ask_text'), asksWho: true }, 'who.asked')}>
        {t('who.ask')}
        <span class="govuk-visually-hidden"> {reference}</span>
      </Button>
      <TakeBack
        field={`back-${about}`}
        busy={busy}
        take={(what) => say({ text: t(`who.text_${what}`), takesBack: what }, 'who.taken')}
      />
      <LiveRegion>{note !== null && <p class="govuk-body">{t(note)}</p>}</LiveRegion>
    </Details>
  )
}

type Taken = 'person' | 'all'
type TakeBackProps = { readonly field: string; readonly busy: boolean; readonly take: (what: Taken) => Promise<void> }

/** What cannot be undone stands before the button, not after it. */
function TakeBack({ field, busy, take }: TakeBackProps) {
  const [what, setWhat] = useState<Taken | null>(null)
  const [empty, setEmpty] = useState(false)
  const error = empty ? t('who.choose') : undefined
  const submit = (event: Event) => {
    event.preventDefault()
    setEmpty(what === null)
    if (what === null) document.getElementById(field)?.focus()
    else void take(what)
  }
  return (
    <form noValidate onSubmit={submit}>
      <FormGroup error={error}>
        <Fieldset legend={t('who.legend')} describedBy={error === undefined ? undefined : `${field}-error`}>
          {error !== undefined && <ErrorMessage id={`${field}-error`} text={error} prefix={t('nav.error_prefix')} />}
          <Radios
            name={field}
            small
            value={what ?? undefined}
            onChange={(chosen) => setWhat(chosen === 'all' ? 'all' : 'person')}
            options={[
              { value: 'person', label: t('who.person') },
              { value: 'all', label: t('who.all'), hint: t('who.all_hint') },
            ]}
          />
        </Fieldset>
      </FormGroup>
      <WarningText hidden={t('who.warning_prefix')}>{t('who.warning')}</WarningText>
      <p class="govuk-body">{t('who.danger')}</p>
      <Button submit kind="secondary" busy={busy}>
        {t('who.take')}
      </Button>
    </form>
  )
}

function Told({ access, at }: { readonly access: Access; readonly at: string }) {
  const groups = GROUPS.filter((group) => access.police.includes(group))
  return (
    <>
      <p class="govuk-body">{t(groups.length === 0 ? 'who.police_nothing' : 'who.police')}</p>
      <List lines={groups.map((group) => tCode('who_group', group))} />
      <p class="govuk-body">{t(access.seen.length === 0 ? 'who.seen_nobody' : 'who.seen')}</p>
      <List
        lines={access.seen.map(({ role, organisation, on }) =>
          t('who.line', { role: tCode('who_role', role), name: organisation, when: dateTime(new Date(`${on}T12:00:00`), false) }),
        )}
      />
      <p class="govuk-body-s">{t('who.as_of', { when: dateTime(new Date(at)) })}</p>
    </>
  )
}

function List({ lines }: { readonly lines: readonly string[] }) {
  if (lines.length === 0) return null
  return (
    <ul class="govuk-list govuk-list--bullet">
      {lines.map((line) => (
        <li key={line}>{line}</li>
      ))}
    </ul>
  )
}

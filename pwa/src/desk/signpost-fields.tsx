import type { JSX } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { Checkboxes } from '../ui/checkboxes.tsx'
import { Details } from '../ui/details.tsx'
import type { FieldsProps } from './field-parts.tsx'
import { chosenServices, messageIn } from './act-form.ts'
import * as api from './api.ts'
import { Group } from './field-group.tsx'
import { whyLines } from './labels.ts'
import { Loading, RefusalNotice } from './notices.tsx'
import type { Service } from './shapes.ts'
import { readable, say } from './words.ts'

/** Services that may help: those sent before stay in sight, and each says why it is suggested. */
export function SignpostFields(props: FieldsProps): JSX.Element {
  const { report, draft, set, errors } = props
  const [suggested, setSuggested] = useState<readonly Service[] | null>(null)
  const [refusal, setRefusal] = useState<api.Refusal | null>(null)
  const fetch = () =>
    api.suggestions(report.head.id).then(setSuggested, (error: unknown) => {
      if (!(error instanceof api.Refusal)) throw error
      setRefusal(error)
    })
  useEffect(() => void fetch(), [report.head.id])
  if (suggested === null && refusal !== null) return <RefusalNotice refusal={refusal} retry={fetch} />
  if (suggested === null) return <Loading>{say('signpost.loading')}</Loading>

  const known = new Map([...report.choosing.signposted, ...suggested].map((service) => [service.id, service]))
  const chosen = chosenServices(draft)
  return (
    <>
      <Before {...props} known={known} />
      <Group field="services" legend={say('signpost.legend')} errors={errors}>
        <Checkboxes
          name="services"
          options={[...known.values()].map((service) => ({
            value: service.id,
            label: <span dir="auto">{service.name}</span>,
            hint: <Why service={service} />,
          }))}
          values={chosen}
          onChange={(ids) => set({ services: ids.join(' ') })}
        />
      </Group>
      {chosen.length > 0 && (
        <Details summary={say('signpost.preview')}>
          <Preview services={chosen.flatMap((id) => known.get(id) ?? [])} message={messageIn(props.act, draft, report)} />
        </Details>
      )}
    </>
  )
}

function Before({ report, known }: FieldsProps & { readonly known: ReadonlyMap<string, Service> }): JSX.Element {
  const { shown, signposted } = report.choosing
  const names = shown.map((id) => known.get(id)?.name ?? readable(id.replaceAll('-', ' ')))
  return (
    <>
      <p class="govuk-body">
        {names.length === 0 ? say('signpost.shown_none') : say('signpost.shown', { names: names.join(', ') })}
      </p>
      {signposted.length > 0 && (
        <p class="govuk-body">
          {say('signpost.sent_before', { names: signposted.map((service) => service.name).join(', ') })}
        </p>
      )}
    </>
  )
}

function Why({ service }: { service: Service }): JSX.Element {
  return (
    <>
      {service.description !== '' && <span dir="auto">{service.description} </span>}
      <span>{whyLines(service.why).join(' ')}</span>
    </>
  )
}

type PreviewProps = { readonly services: readonly Service[]; readonly message: string }

/** In the order and with the words that the person gets. */
export function Preview({ services, message }: PreviewProps): JSX.Element {
  return (
    <>
      {message !== '' && <p class="govuk-body desk-verbatim" dir="auto">{message}</p>}
      {services.map((service) => (
        <div class="wm-signpost" key={service.id}>
          <p class="govuk-body"><strong dir="auto">{service.name}</strong></p>
          {service.description !== '' && <p class="govuk-body" dir="auto">{service.description}</p>}
          {service.phone !== '' && <p class="govuk-body"><bdi>{service.phone}</bdi></p>}
          {service.url !== '' && <p class="govuk-body"><bdi>{service.url}</bdi></p>}
        </div>
      ))}
    </>
  )
}

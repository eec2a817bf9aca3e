import type { ComponentType } from 'preact'
import { useEffect, useState } from 'preact/hooks'

/** `person`: somebody's own phone, after a report. `tablet`: a centre's. `list`: to turn it off again. */
export type KnockProps = { readonly of: 'person' | 'tablet' | 'list' }

/** Offered below what matters: it is fetched when it is seen, and where it cannot be, nothing is missing. */
export function KnockLater({ of }: KnockProps) {
  const [Knock, setKnock] = useState<ComponentType<KnockProps> | null>(null)
  useEffect(() => {
    import('./knock.tsx').then(
      (part) => setKnock(() => part.Knock),
      () => undefined,
    )
  }, [])
  return Knock === null ? null : <Knock of={of} />
}

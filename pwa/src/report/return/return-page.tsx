import { useEffect, useState } from 'preact/hooks'
import { closeReturn, type ReturnMailbox } from '../../sync/index.ts'
import { Mailbox } from './mailbox.tsx'
import { ReturnForm } from './return-form.tsx'

/** The code first, then the mailbox. Leaving, in whatever way, forgets both. */
export function ReturnPage() {
  const [mailbox, setMailbox] = useState<ReturnMailbox | null>(null)
  useEffect(() => () => void closeReturn(), [])
  if (mailbox === null) return <ReturnForm onOpen={setMailbox} />
  return <Mailbox first={mailbox} />
}

/** Photos on their way into a report: sealed, on the disk and read back, before the report names them. */

import { toBase64url } from './bytes.ts'
import { dropSealed, type Sealed, takeSealed } from './files-ahead.ts'
import { removeFile } from './files-folder.ts'
import { sizeOf } from './files-seal.ts'
import { OutboxUnavailable } from './outbox.ts'
import type { Attachment, SealedFile } from './protocol.generated.ts'
import { type PreparedPicture, SaveFailed, type SaveFailedCode } from './types.ts'

export type KeptPicture = {
  /** In the report's header, in the clear. */
  readonly listed: Attachment
  /** In the report's body. */
  readonly opening: SealedFile
  /** When the report is kept, or is not. */
  readonly letGo: () => void
}

/** All or none. Raises SaveFailed: of the photos alone, so that the report can be saved without them. */
export async function keepPictures(pictures: readonly PreparedPicture[]): Promise<readonly KeptPicture[]> {
  const kept: KeptPicture[] = []
  try {
    // One after another: each is a chunk in memory, not all of them.
    for (const picture of pictures) kept.push(await keepPicture(picture))
    return kept
  } catch (error) {
    // The others, too: without them there may be room for the report.
    await Promise.all([dropFiles(kept), ...pictures.map((picture) => dropSealed(picture.content))])
    throw error
  }
}

async function keepPicture(picture: PreparedPicture): Promise<KeptPicture> {
  const { attId, key, size, sha256, letGo } = await takeSealed(picture.content).catch((cause: unknown): Promise<Sealed> => {
    throw new SaveFailed(codeOf(cause), { cause })
  })
  const opening: SealedFile = {
    att_id: attId,
    key: toBase64url(key),
    media_type: picture.mediaType,
    size: sizeOf(picture.content),
    caption: picture.caption,
    hidden_details: picture.hiddenDetails,
  }
  return { listed: { att_id: attId, size, sha256 }, opening, letGo }
}

/** The report that would have named them does not exist. What cannot go now is swept later. */
export async function dropFiles(files: readonly KeptPicture[]): Promise<void> {
  await Promise.all(files.map((file) => removeFile(file.listed.att_id).catch(() => false)))
  for (const file of files) file.letGo()
}

/** The thread tells a failure as text, its name first. */
function codeOf(cause: unknown): SaveFailedCode {
  const told = cause instanceof OutboxUnavailable ? cause.message : ''
  if (told.startsWith('QuotaExceededError')) return 'pictures_full'
  return told.startsWith('SourceUnreadable') ? 'pictures_unreadable' : 'pictures_not_kept'
}

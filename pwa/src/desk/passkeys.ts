/** Passkeys in the browser: the standard's own JSON goes to the service and comes from it unchanged. */

type Options = Readonly<Record<string, unknown>>
type Credential = Readonly<Record<string, unknown>>

/** Newer browsers turn the options and the answer into JSON and back by themselves. */
type WithJson = {
  parseRequestOptionsFromJSON(options: unknown): PublicKeyCredentialRequestOptions
  parseCreationOptionsFromJSON(options: unknown): PublicKeyCredentialCreationOptions
}

/** The person has closed the browser's own window, or it took too long: nothing happened. */
export class NotShown extends Error {
  override readonly name = 'NotShown'
}

export const passkeysWork = (): boolean => {
  const known = globalThis.PublicKeyCredential as unknown as Partial<WithJson> | undefined
  return typeof known?.parseRequestOptionsFromJSON === 'function'
}

/** Raises NotShown. */
export async function showPasskey(options: Options): Promise<Credential> {
  const publicKey = (PublicKeyCredential as unknown as WithJson).parseRequestOptionsFromJSON(options)
  return inJson(navigator.credentials.get({ publicKey }))
}

/** Raises NotShown. */
export async function makePasskey(options: Options): Promise<Credential> {
  const publicKey = (PublicKeyCredential as unknown as WithJson).parseCreationOptionsFromJSON(options)
  return inJson(navigator.credentials.create({ publicKey }))
}

async function inJson(asked: Promise<globalThis.Credential | null>): Promise<Credential> {
  const made = await asked.catch(() => null)
  if (made === null) throw new NotShown()
  return (made as unknown as { toJSON(): Credential }).toJSON()
}

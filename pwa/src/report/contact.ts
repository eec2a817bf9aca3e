/** Postcodes, telephone numbers and e-mail addresses: what looks right. Nothing here stops anybody. */

const FULL_POSTCODE = /^(GIR|[A-Z]{1,2}[0-9][A-Z0-9]?)([0-9][ABD-HJLNP-UW-Z]{2})$/
const OUTWARD = /^[A-Z]{1,2}[0-9][A-Z0-9]?$/
const PHONE = /^\+?[0-9]{7,15}$/
const PHONE_FILLER = /[\s().\-/]/g
const EMAIL = /^[^\s@]+@[^\s@.]+(\.[^\s@.]+)+$/
const EMAIL_WITHIN = /[^\s@]+@[^\s@]+\.[^\s@]+/
const NUMBER_WITHIN = /\+?[0-9](?:[ ().\-]{0,2}[0-9]){9,14}/

/** `sw1a1aa` as `SW1A 1AA`, an outward half as itself; null where it is no UK postcode. */
export function ukPostcode(text: string): string | null {
  const letters = text.normalize('NFKC').toUpperCase().replace(/[^A-Z0-9]/g, '')
  const full = FULL_POSTCODE.exec(letters)
  if (full !== null) return `${full[1]} ${full[2]}`
  return OUTWARD.test(letters) ? letters : null
}

export function looksLikePhone(text: string): boolean {
  return PHONE.test(text.replace(PHONE_FILLER, ''))
}

export function looksLikeEmail(text: string): boolean {
  return EMAIL.test(text)
}

/** Whether free text seems to hold an e-mail address or a telephone number. */
export function mayIdentify(text: string): boolean {
  return EMAIL_WITHIN.test(text) || NUMBER_WITHIN.test(text)
}

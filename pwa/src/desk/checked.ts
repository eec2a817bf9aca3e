/**
 * Readers that turn `unknown` into a checked type at the edge. A fault names the place, never the value:
 * an answer must not travel on in an error's text.
 */

export class ShapeError extends Error {
  constructor(place: string, wanted: string) {
    super(`${place}: ${wanted} expected`)
    this.name = 'ShapeError'
  }
}

export type Reader<T> = (raw: unknown, place: string) => T
export type Read<R> = R extends Reader<infer T> ? T : never
type Fields = Readonly<Record<string, Reader<unknown>>>

export const text: Reader<string> = (raw, place) => {
  if (typeof raw !== 'string') throw new ShapeError(place, 'text')
  return raw
}

export const whole: Reader<number> = (raw, place) => {
  if (typeof raw !== 'number' || !Number.isSafeInteger(raw)) throw new ShapeError(place, 'a whole number')
  return raw
}

export const flag: Reader<boolean> = (raw, place) => {
  if (typeof raw !== 'boolean') throw new ShapeError(place, 'true or false')
  return raw
}

/** UTC, ISO 8601. Kept as text; refused when no date can be made of it. */
export const instant: Reader<string> = (raw, place) => {
  if (typeof raw !== 'string' || Number.isNaN(Date.parse(raw))) throw new ShapeError(place, 'a time')
  return raw
}

/** A missing field and null are the same to the desk. */
export function orNull<T>(read: Reader<T>): Reader<T | null> {
  return (raw, place) => (raw === undefined || raw === null ? null : read(raw, place))
}

export function or<T>(read: Reader<T>, otherwise: T): Reader<T> {
  return (raw, place) => (raw === undefined || raw === null ? otherwise : read(raw, place))
}

export function listOf<T>(read: Reader<T>): Reader<readonly T[]> {
  return (raw, place) => {
    if (!Array.isArray(raw)) throw new ShapeError(place, 'a list')
    return raw.map((entry: unknown, index) => read(entry, `${place}[${index}]`))
  }
}

export function oneOf<const Code extends string>(...codes: readonly Code[]): Reader<Code> {
  return (raw, place) => {
    const code = codes.find((known) => known === raw)
    if (code === undefined) throw new ShapeError(place, codes.join(', '))
    return code
  }
}

export function shape<F extends Fields>(fields: F): Reader<{ readonly [Name in keyof F]: Read<F[Name]> }> {
  return (raw, place) => {
    const source = record(raw, place)
    const entries = Object.entries(fields).map(([name, read]) => [name, read(source[name], `${place}.${name}`)])
    return Object.fromEntries(entries) as { readonly [Name in keyof F]: Read<F[Name]> }
  }
}

export const record: Reader<Readonly<Record<string, unknown>>> = (raw, place) => {
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) throw new ShapeError(place, 'an object')
  return raw as Readonly<Record<string, unknown>>
}

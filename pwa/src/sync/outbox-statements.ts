/** The parts of outbox.sql by name: the same text that Python's outbox runs. */

import text from '../../../sync/waymark_sync/outbox.sql?raw'

const SECTION = /^-- :(\w+)\n/m

const parts = text.split(SECTION)
const sections: ReadonlyMap<string, string> = new Map(
  parts.flatMap((part, index): [string, string][] => (index % 2 === 1 ? [[part, parts[index + 1] ?? '']] : [])),
)

/** Raises when the file has no such section: a misspelling, found by the first test. */
export function statement(name: string): string {
  const found = sections.get(name)
  if (found === undefined) throw new RangeError(`no statement :${name}`)
  return found
}

/** Scripts of the schema, oldest first, each with the `user_version` that it leads to. */
export const MIGRATIONS: readonly { readonly version: number; readonly script: string }[] = [...sections]
  .filter(([name]) => name.startsWith('schema_'))
  .map(([name, script]) => ({ version: Number(name.slice('schema_'.length)), script }))
  .sort((a, b) => a.version - b.version)

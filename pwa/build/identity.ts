/** What a build says of itself: its version, and the root of trust that it pins. */

import { createHash } from 'node:crypto'
import { existsSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Plugin, ResolvedConfig } from 'vite'

export type Trust = {
  readonly root: string
  readonly instance: string
  readonly keyset: { readonly payload: string; readonly sig: string }
}

/** Raises when there is no trust file: an app without a root could verify nothing. */
export function readTrust(path: string): Trust {
  if (!existsSync(path)) throw new Error(`No trust file at ${path}: run \`make setup\`, which makes the keys first.`)
  const trust = JSON.parse(readFileSync(path, 'utf8')) as Partial<Trust>
  if (typeof trust.root !== 'string' || typeof trust.instance !== 'string' || typeof trust.keyset?.payload !== 'string' || typeof trust.keyset.sig !== 'string')
    throw new Error(`The trust file ${path} is not whole: run \`make setup\` again.`)
  return { root: trust.root, instance: trust.instance, keyset: { payload: trust.keyset.payload, sig: trust.keyset.sig } }
}

/** `0.1.0+` and a hash of all that the build is made from, so that the same sources have the same name. */
export function buildVersion(root: string, inputs: readonly string[], trust: Trust): string {
  const hash = createHash('sha256').update(JSON.stringify(trust))
  for (const path of inputs.flatMap((input) => filesUnder(resolve(root, input))))
    hash.update(path.slice(root.length)).update(readFileSync(path))
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { readonly version: string }
  return `${version}+${hash.digest('hex').slice(0, 12)}`
}

function filesUnder(path: string): readonly string[] {
  if (!existsSync(path)) return []
  if (statSync(path).isFile()) return [path]
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.name.endsWith('.pyc'))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
}

/** `build.json`, which the server reads at start: it refuses an app that pins another root. */
export function identity(version: string, trust: Trust): Plugin {
  let config: ResolvedConfig
  return {
    name: 'waymark-identity',
    apply: 'build',
    configResolved: (resolved) => {
      config = resolved
    },
    closeBundle: () => {
      const root = createHash('sha256').update(Buffer.from(trust.root, 'base64url')).digest('hex')
      const path = resolve(config.root, config.build.outDir, 'build.json')
      writeFileSync(path, `${JSON.stringify({ version, root })}\n`)
    },
  }
}

/**
 * Builds `src/service-worker.ts` as `/sw.js` and tells it which files belong to the report app: those the
 * first page needs (the shell), and those that only saving and sending need (later). The desk's own files
 * are in neither list.
 */

import { createHash } from 'node:crypto'
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { build, type Plugin, type ResolvedConfig, type Rollup } from 'vite'

/** Public files that are too large for the shell. */
const PUBLIC_LATER: ReadonlySet<string> = new Set(['directory.sqlite'])
const PUBLIC_SKIPPED = /(^|\/)\.|\.map$/
/** Pages that the server answers without their suffix. */
const PAGES: Readonly<Record<string, string>> = { 'index.html': '/', 'leaving.html': '/leaving' }

export function precache(target: readonly string[]): Plugin {
  let config: ResolvedConfig
  let lists: Lists = { shell: [], later: [] }
  return {
    name: 'waymark-precache',
    apply: 'build',
    configResolved: (resolved) => {
      config = resolved
    },
    generateBundle: { order: 'post', handler: (_options, bundle) => void (lists = sorted(bundle)) },
    closeBundle: async () => {
      const shell = [...lists.shell, ...publicFiles(config.publicDir)].filter((name) => !PUBLIC_LATER.has(name))
      const later = [...lists.later, ...[...PUBLIC_LATER].filter((name) => existsSync(join(config.publicDir, name)))]
      await buildWorker(config, target, shell.sort(), later.sort())
    },
  }
}

type Lists = { readonly shell: readonly string[]; readonly later: readonly string[] }

/** What `index.html` reaches by static imports, and by dynamic ones. */
function sorted(bundle: Rollup.OutputBundle): Lists {
  const entry = Object.values(bundle).find((file) => file.type === 'chunk' && file.isEntry && isReport(file))
  const shell = entry === undefined ? new Set<string>() : closure([entry.fileName], bundle, false)
  const all = entry === undefined ? new Set<string>() : closure([entry.fileName], bundle, true)
  // Workers and wasm are assets to the bundler, which does not say who asks for them: only `src/sync` does.
  for (const name of Object.keys(bundle)) if (/\.worker-|\.wasm$/.test(name)) all.add(name)
  return { shell: ['index.html', ...shell], later: [...all].filter((name) => !shell.has(name)) }
}

function isReport(chunk: Rollup.OutputChunk): boolean {
  return chunk.facadeModuleId?.endsWith('/index.html') === true
}

function closure(start: readonly string[], bundle: Rollup.OutputBundle, dynamic: boolean): Set<string> {
  const seen = new Set<string>()
  const next = [...start]
  for (let name = next.pop(); name !== undefined; name = next.pop()) {
    const file = bundle[name]
    if (seen.has(name) || file === undefined) continue
    seen.add(name)
    if (file.type !== 'chunk') continue
    next.push(...file.imports, ...(dynamic ? file.dynamicImports : []))
    next.push(...(file.viteMetadata?.importedCss ?? []), ...(file.viteMetadata?.importedAssets ?? []))
  }
  return seen
}

function publicFiles(folder: string): readonly string[] {
  if (folder === '' || !existsSync(folder)) return []
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((file) => file.isFile())
    .map((file) => join(file.parentPath, file.name).slice(folder.length + 1))
    .filter((name) => !PUBLIC_SKIPPED.test(name))
}

async function buildWorker(
  config: ResolvedConfig,
  target: readonly string[],
  shell: readonly string[],
  later: readonly string[],
): Promise<void> {
  const out = resolve(config.root, config.build.outDir)
  const version = createHash('sha256')
  for (const name of [...shell, ...later]) version.update(name).update(readFileSync(join(out, name)))
  const url = (name: string) => PAGES[name] ?? `/${name}`
  await build({
    configFile: false,
    root: config.root,
    logLevel: 'warn',
    publicDir: false,
    define: {
      ...config.define,
      __SHELL__: JSON.stringify(shell.map(url)),
      __LATER__: JSON.stringify(later.map(url)),
      __VERSION__: JSON.stringify(version.digest('hex').slice(0, 12)),
    },
    build: {
      outDir: out,
      emptyOutDir: false,
      target: [...target],
      lib: {
        entry: resolve(config.root, 'src/service-worker.ts'),
        formats: ['iife'],
        name: 'serviceWorker',
        fileName: () => 'sw.js',
      },
    },
  })
}

/**
 * Leaves two unused workers of the SQLite package out of the build. They would never start (their file
 * systems are switched off), but Vite emits what `new URL(..., import.meta.url)` names.
 */

import type { Plugin } from 'vite'

const UNUSED = ['sqlite3-worker1.mjs', 'sqlite3-opfs-async-proxy.js'] as const

export function trimSqlite(): Plugin {
  return {
    name: 'waymark-trim-sqlite',
    enforce: 'pre',
    transform: {
      filter: { id: /@sqlite\.org\/sqlite-wasm\/dist\/index\.mjs/ },
      handler: (code) => ({ code: UNUSED.reduce(withoutWorker, code), map: null }),
    },
  }
}

function withoutWorker(code: string, name: string): string {
  const address = `new URL("${name}", import.meta.url)`
  if (!code.includes(address)) throw new Error(`${name} is no longer named as expected in the SQLite package`)
  return code.replaceAll(address, '"about:blank"')
}

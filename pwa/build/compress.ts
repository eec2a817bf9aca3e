/** Writes `.br` and `.gz` beside every file worth it: compressing the wasm per request cost 90 ms each. */

import { readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'
import type { Plugin, ResolvedConfig } from 'vite'

const COMPRESSIBLE = /\.(js|css|html|json|svg|wasm|webmanifest|sqlite|txt)$/
const WORTH_BYTES_MIN = 512

export function compress(): Plugin {
  let config: ResolvedConfig
  return {
    name: 'waymark-compress',
    apply: 'build',
    configResolved: (resolved) => {
      config = resolved
    },
    closeBundle: { order: 'post', sequential: true, handler: () => compressAll(resolve(config.root, config.build.outDir)) },
  }
}

function compressAll(folder: string): void {
  for (const file of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (file.isFile() && COMPRESSIBLE.test(file.name)) compressFile(join(file.parentPath, file.name))
  }
}

function compressFile(path: string): void {
  const bytes = readFileSync(path)
  if (bytes.length < WORTH_BYTES_MIN) return
  const quality = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length }
  writeFileSync(`${path}.br`, brotliCompressSync(bytes, { params: quality }))
  writeFileSync(`${path}.gz`, gzipSync(bytes, { level: 9 }))
}

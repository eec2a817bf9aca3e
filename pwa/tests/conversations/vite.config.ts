/** The app's own sync modules as one program for node: what the stories in `sync/vectors/conversations` are told to. */

import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { defineConfig, type Plugin } from 'vite'
import { trimSqlite } from '../../build/trim-sqlite.ts'

const here = import.meta.dirname
const root = resolve(here, '../..')

/** In a browser these are addresses. Here a worker is known by its name, and the file is on the disk. */
function addresses(): Plugin {
  return {
    name: 'waymark-addresses',
    enforce: 'pre',
    load: {
      filter: { id: /[?&]url$/ },
      handler: (id) => {
        const [path = ''] = id.split('?')
        return `export default ${JSON.stringify(id.includes('worker') ? path : pathToFileURL(path).href)}`
      },
    },
  }
}

export default defineConfig({
  root,
  publicDir: false,
  plugins: [addresses(), trimSqlite()],
  build: {
    outDir: resolve(root, process.env['WAYMARK_CLIENT_OUT'] ?? '../build/test/client'),
    emptyOutDir: true,
    target: 'node20',
    minify: false,
    lib: { entry: resolve(here, 'client.ts'), formats: ['es'], fileName: () => 'client.mjs' },
    rolldownOptions: { external: [/^node:/] },
  },
})

import { existsSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { defineConfig } from 'vite'
import { logical } from './build/logical.ts'

const root = import.meta.dirname
const trustFile = resolve(root, process.env['WAYMARK_TRUST'] ?? '../build/trust.json')

export default defineConfig(({ command }) => ({
  root,
  define: { __TRUST__: trust(command) },
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  resolve: { dedupe: ['preact'] },
  css: {
    preprocessorOptions: { scss: { loadPaths: [resolve(root, 'node_modules/govuk-frontend/dist')] } },
    postcss: { plugins: [logical()] },
  },
  build: {
    outDir: resolve(root, process.env['WAYMARK_PWA_OUT'] ?? 'dist'),
    emptyOutDir: true,
    target: ['chrome90', 'safari15'],
    modulePreload: { polyfill: false },
    rolldownOptions: { input: ['index.html', 'desk.html'].map((name) => resolve(root, name)) },
  },
}))

function trust(command: 'build' | 'serve'): string {
  if (existsSync(trustFile)) return readFileSync(trustFile, 'utf8')
  if (command === 'serve') return 'null'
  throw new Error(`No trust file at ${trustFile}: run \`make setup\` first`)
}

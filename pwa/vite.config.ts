import { resolve } from 'node:path'
import { defineConfig, type UserConfig } from 'vite'
import { compress } from './build/compress.ts'
import { buildVersion, identity, readTrust } from './build/identity.ts'
import { logical } from './build/logical.ts'
import { precache } from './build/precache.ts'
import { trimSqlite } from './build/trim-sqlite.ts'

const root = import.meta.dirname
const inputs = ['index.html', 'desk.html', 'src', 'public', 'build', 'package-lock.json', '../sync/waymark_sync']
const target = ['chrome90', 'safari15']

export default defineConfig((): UserConfig => {
  const trust = readTrust(resolve(root, process.env['WAYMARK_TRUST'] ?? '../build/trust.json'))
  const version = buildVersion(root, inputs, trust)
  return {
    root,
    define: { __TRUST__: JSON.stringify(trust), __BUILD__: JSON.stringify(version) },
    oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
    resolve: { dedupe: ['preact'] },
    css: {
      preprocessorOptions: { scss: { loadPaths: [resolve(root, 'node_modules/govuk-frontend/dist')] } },
      postcss: { plugins: [logical()] },
    },
    plugins: [precache(target), identity(version, trust), compress()],
    worker: {
      format: 'es',
      plugins: () => [trimSqlite()],
      // The server gives scripts with `.worker-` in their name the policy that WebAssembly needs.
      rolldownOptions: {
        output: { entryFileNames: 'assets/[name]-[hash].js', chunkFileNames: 'assets/[name].worker-[hash].js' },
      },
    },
    build: {
      outDir: resolve(root, process.env['WAYMARK_PWA_OUT'] ?? 'dist'),
      emptyOutDir: true,
      target,
      modulePreload: { polyfill: false },
      rolldownOptions: { input: ['index.html', 'desk.html'].map((name) => resolve(root, name)) },
    },
  }
})

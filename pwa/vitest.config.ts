import { defineConfig } from 'vitest/config'

export default defineConfig({
  root: import.meta.dirname,
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  define: { __BUILD__: JSON.stringify('0.0.0+test') },
  test: { include: ['tests/**/*.test.{ts,tsx}'], environment: 'node', restoreMocks: true },
})

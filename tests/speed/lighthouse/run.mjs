// Lighthouse's default mobile profile on one page, five times; prints the median of each category as JSON.
// `node run.mjs URL`; exit status 1 when a median is below what is promised.

import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import lighthouse from 'lighthouse'

const CHROMIUM = '/usr/bin/chromium'
const RUNS = 5
const READY_MS_MAX = 15_000
const LIMITS = { accessibility: 100, 'best-practices': 100, performance: 95 }

const url = process.argv[2]
if (url === undefined) throw new Error('node run.mjs URL')
const runs = []
for (let run = 0; run < RUNS; run++) runs.push(await once(url))
const shown = Object.fromEntries(
  Object.entries(LIMITS).map(([category, limit]) => {
    const value = median(runs.map((scores) => scores[category]))
    return [`lighthouse_${category}`, { value, limit, kept: value >= limit }]
  }),
)
console.log(JSON.stringify(shown, null, 1))
process.exit(Object.values(shown).every((each) => each.kept) ? 0 : 1)

async function once(address) {
  const folder = mkdtempSync(join(tmpdir(), 'lighthouse-'))
  const port = await freePort()
  const flags = ['--headless=new', '--no-sandbox', '--disable-gpu', '--no-first-run', `--remote-debugging-port=${port}`]
  const browser = spawn(CHROMIUM, [...flags, `--user-data-dir=${folder}`, 'about:blank'], { stdio: 'ignore' })
  try {
    await listening(port)
    const { lhr } = await lighthouse(address, { port, output: 'json', logLevel: 'error', onlyCategories: Object.keys(LIMITS) })
    if (lhr.runtimeError) throw new Error(lhr.runtimeError.message)
    return Object.fromEntries(Object.values(lhr.categories).map(({ id, score }) => [id, Math.round(score * 100)]))
  } finally {
    const gone = new Promise((resolve) => browser.on('exit', resolve))
    browser.kill()
    await gone
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
  }
}

async function listening(port) {
  for (const ends = Date.now() + READY_MS_MAX; Date.now() < ends; ) {
    const answer = await fetch(`http://127.0.0.1:${port}/json/version`).catch(() => null)
    if (answer?.ok) return
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  throw new Error(`${CHROMIUM} did not start`)
}

function freePort() {
  return new Promise((resolve) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const { port } = probe.address()
      probe.close(() => resolve(port))
    })
  })
}

function median(values) {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]
}

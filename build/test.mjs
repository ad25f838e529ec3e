// Runs the quick tests with Node's own runner: `npm test [-- FILE...]`.
import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'

const top = join(import.meta.dirname, '..')
const named = process.argv.slice(2)
const found = readdirSync(join(top, 'test'), { recursive: true })
  .filter((name) => name.endsWith('.test.ts'))
  .map((name) => join('test', name))
  .sort()
const generated = spawnSync('npm', ['run', '--silent', 'generate'], { cwd: top, stdio: 'inherit' })
if (generated.status !== 0) process.exit(generated.status ?? 1)
const run = spawnSync(process.execPath, ['--import', 'tsx', '--test', ...(named.length > 0 ? named : found)], {
  cwd: top,
  stdio: 'inherit',
})
process.exit(run.status ?? 1)

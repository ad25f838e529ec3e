// Makes a fresh clone ready: installs the locked packages when they are missing or older than the lock file.
import { execFileSync } from 'node:child_process'
import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'

const top = join(import.meta.dirname, '..')
const installed = join(top, 'node_modules/.package-lock.json')
const lock = join(top, 'package-lock.json')
const [major = 0] = process.versions.node.split('.').map(Number)
if (major < 20) {
  console.error(`firstlight needs Node 20 or newer; this is ${process.version}.`)
  process.exit(1)
}
if (!existsSync(installed) || statSync(installed).mtimeMs < statSync(lock).mtimeMs) {
  console.log('Installing packages (npm ci) ...')
  execFileSync('npm', ['ci', '--loglevel=error'], { cwd: top, stdio: 'inherit' })
}

// Makes engine.cache: runs the engine once over an empty image, as `plan` does, so that the functions a boot needs are
// compiled, and keeps what V8 made of them.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { loadEngine } from '../src/machine/load-engine.ts'

const userData = `#cloud-config
users: [default, {name: demo, groups: [adm], sudo: 'ALL=(ALL) NOPASSWD:ALL', ssh_authorized_keys: [ssh-ed25519 AAAA demo]}]
write_files: [{path: /etc/motd, content: hello, permissions: '0644'}]
runcmd: [[echo, hello]]
hostname: demo
timezone: Etc/UTC
`

const dist = process.argv[2] ?? 'dist'
const image = mkdtempSync(join(tmpdir(), 'firstlight-build-'))
mkdirSync(join(image, 'etc'))
writeFileSync(join(image, 'user-data'), userData)
const engine = join(dist, 'engine.cjs')
process.argv = [
  process.execPath,
  join(dist, 'firstlight.cjs'),
  'plan',
  '--root',
  image,
  '--user-data',
  join(image, 'user-data'),
]
const write = process.stdout.write.bind(process.stdout)
process.stdout.write = () => true
process.stderr.write = () => true
const script = loadEngine(engine, join(dist, 'engine.cache'))
process.once('beforeExit', () => {
  writeFileSync(join(dist, 'engine.cache'), script.createCachedData())
  rmSync(image, { recursive: true, force: true })
  process.stdout.write = write
  process.exitCode = 0
})

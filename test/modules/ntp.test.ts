import assert from 'node:assert/strict'
import { test } from 'node:test'
import ntp from '../../modules/ntp/index.ts'
import { acceptConfig } from '../../src/cloudconfig/accept.ts'
import { loadDistro } from '../../src/distros/index.ts'
import type { JsonObject } from '../../src/machine/json.ts'
import type { MemoryFile, MemoryMachine } from '../../src/machine/memory.ts'
import { commandLines, complaints, contextFor, madeUpDebian } from './made-up-debian.ts'

interface World {
  readonly installed?: readonly string[]
  readonly files?: Readonly<Record<string, MemoryFile>>
  readonly distro?: string
  readonly systemInfo?: JsonObject
}

const run = async (
  settings: JsonObject | null,
  { installed = [], files = {}, distro = 'debian', systemInfo = {} }: World = {},
) => {
  const machine = madeUpDebian({ which: ['apt-get', ...installed], files, onCommand: () => '' })
  const config: JsonObject = { ntp: settings }
  const context = { ...(await contextFor(machine, config)), distro: await loadDistro(distro, systemInfo, machine) }
  await ntp.run(await acceptConfig(ntp, config, machine.log), context)
  return machine
}

/** Lines that are not comments. */
const effective = (machine: MemoryMachine, file: string): string[] =>
  machine.files
    .readText(file)
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))

test('the client that is installed is configured and reloaded; with none, chrony is installed', async () => {
  const cases = [
    { installed: ['chronyd'], file: '/etc/chrony/chrony.conf', service: 'chrony' },
    { installed: ['ntpd'], file: '/etc/ntp.conf', service: 'ntp' },
    { installed: [], file: '/etc/chrony/chrony.conf', service: 'chrony', packages: 'chrony' },
  ]
  for (const { installed, file, service, packages } of cases) {
    const machine = await run({ servers: ['s.example'], pools: ['p.example'] }, { installed })
    const lines = effective(machine, file)
    assert.ok(lines.includes('server s.example iburst') && lines.includes('pool p.example iburst'))
    assert.equal(commandLines(machine).at(-1), `systemctl reload-or-restart ${service}`)
    assert.equal(
      commandLines(machine).some((line) => line.endsWith(`install ${packages}`)),
      packages !== undefined,
    )
  }
  const timesyncd = await run(
    { pools: ['p.example'], servers: ['s.example'] },
    { files: { '/lib/systemd/systemd-timesyncd': '' } },
  )
  assert.deepEqual(effective(timesyncd, '/etc/systemd/timesyncd.conf.d/cloud-init.conf'), [
    '[Time]',
    'NTP=s.example p.example',
  ])
})

test('the client may be named by the configuration or by the image', async () => {
  const byUser = await run(
    { ntp_client: 'ntp' },
    { installed: ['chronyd', 'ntpd'], systemInfo: { ntp_client: 'chrony' } },
  )
  assert.equal(byUser.files.exists('/etc/ntp.conf'), true)
  const byImage = await run({}, { installed: ['ntpd'], systemInfo: { ntp_client: 'chrony' } })
  assert.equal(byImage.files.exists('/etc/chrony/chrony.conf'), true)
})

test('without servers the distribution’s pools are asked', async () => {
  const cases = [
    { distro: 'debian', file: '/etc/chrony/chrony.conf', pool: '0.debian.pool.ntp.org' },
    { distro: 'raspberry-pi-os', file: '/etc/chrony/chrony.conf', pool: '0.debian.pool.ntp.org' },
    { distro: 'rhel', file: '/etc/chrony.conf', pool: '0.rhel.pool.ntp.org' },
    { distro: 'sles', file: '/etc/chrony.conf', pool: '0.opensuse.pool.ntp.org' },
    { distro: 'alpine', file: '/etc/chrony/chrony.conf', pool: '0.pool.ntp.org' },
  ]
  for (const { distro, file, pool } of cases) {
    const machine = await run(null, { distro, installed: ['chronyd'] })
    assert.ok(effective(machine, file).includes(`pool ${pool} iburst`))
  }
  const busybox = await run({ ntp_client: 'ntp' }, { distro: 'alpine', installed: ['ntpd'] })
  assert.equal(effective(busybox, '/etc/ntp.conf')[0], 'server 0.pool.ntp.org')
})

test('templates of the user and of the image come before our own text', async () => {
  const template = '## template:jinja\n{% for s in servers %}S {{ s }}\n{% endfor %}'
  const own = await run(
    { servers: ['a', 'b'], ntp_client: 'chrony', config: { confpath: '/etc/own.conf', template } },
    { installed: ['chronyd'] },
  )
  assert.equal(own.files.readText('/etc/own.conf'), 'S a\nS b\n')
  const image = await run(
    { servers: ['a'] },
    { installed: ['chronyd'], files: { '/etc/cloud/templates/chrony.conf.debian.tmpl': template } },
  )
  assert.equal(image.files.readText('/etc/chrony/chrony.conf'), 'S a\n')
})

test('the original file is kept, also at the next instance', async () => {
  const files = { '/etc/chrony/chrony.conf': 'ours', '/etc/chrony/chrony.conf.dist': 'original' }
  const machine = await run({}, { installed: ['chronyd'], files })
  assert.equal(machine.files.readText('/etc/chrony/chrony.conf.dist'), 'original')
  const first = await run({}, { installed: ['chronyd'], files: { '/etc/chrony/chrony.conf': 'original' } })
  assert.equal(first.files.readText('/etc/chrony/chrony.conf.dist'), 'original')
})

test('an unknown client must be described, and a name with blanks is left out', async () => {
  await assert.rejects(
    run({ ntp_client: 'mine', config: { confpath: '/etc/m' } }),
    /mine is not a client that is known, and check_exe, packages, service_name, template is missing/,
  )
  const machine = await run({ servers: ['good', 'bad iburst\nallow all'] }, { installed: ['chronyd'] })
  assert.match(complaints(machine).join(), /ntp.servers: "bad iburst\\nallow all" is not a name/)
  assert.equal(effective(machine, '/etc/chrony/chrony.conf')[0], 'server good iburst')
})

test('nothing is done when it is disabled', async () => {
  const machine = await run({ enabled: false, servers: ['a'] })
  assert.deepEqual(machine.commands, [])
})

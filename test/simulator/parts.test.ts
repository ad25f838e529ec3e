import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { readExport } from '../../src/machine/blkid.ts'
import { readDhclientLease } from '../../src/machine/dhcp-leases.ts'
import { createCloud } from '../../src/simulator/index.ts'
import { layerRules, layersOf } from '../../src/simulator/layers.ts'
import { addedUsers } from '../../src/simulator/sandbox-users.ts'
import { factScripts, quoted } from '../../src/simulator/shims.ts'

const temporaryFolder = (context: TestContext): string => {
  const folder = mkdtempSync(join(tmpdir(), 'firstlight-test-'))
  context.after(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** A stand-in command as a file that can be run. */
const command = (context: TestContext, name: 'blkid' | 'dhclient' | 'systemd-detect-virt', cloud: 'azure' | 'gce') => {
  const simulated = createCloud({ cloud })
  const scripts = factScripts({ disks: [], leaseOptions: {}, ...simulated })
  const path = join(temporaryFolder(context), name)
  writeFileSync(path, scripts[name] ?? '')
  chmodSync(path, 0o755)
  return (...words: string[]) => spawnSync(path, words, { encoding: 'utf8' })
}

test('the stand-in for dhclient leaves a lease as dhclient writes it, with what the cloud adds', (context) => {
  const dhclient = command(context, 'dhclient', 'azure')
  const folder = temporaryFolder(context)
  const leases = join(folder, 'leases')
  const { status } = dhclient('-1', '-v', '-lf', leases, '-sf', '/bin/true', 'eth0')
  assert.equal(status, 0)
  const lease = readDhclientLease(readFileSync(leases, 'utf8'), 'eth0')
  assert.equal(lease?.['fixed-address'], '10.0.0.4')
  assert.equal(lease?.['subnet-mask'], '255.255.255.0')
  assert.equal(lease?.['unknown-245'], 'a8:3f:81:10')
  assert.equal(dhclient('-1', '-lf', leases, 'eth7').status, 2)
})

test('the stand-ins for blkid and systemd-detect-virt know the disks and the hypervisor of the cloud', (context) => {
  const disks = readExport(command(context, 'blkid', 'azure')('-c', '/dev/null', '-o', 'export').stdout)
  assert.equal(disks.get('/dev/sr0')?.get('LABEL'), 'rd_rdfe_stable.161212-1209')
  assert.equal(command(context, 'blkid', 'gce')('-c', '/dev/null', '-o', 'export').status, 2)
  assert.equal(command(context, 'systemd-detect-virt', 'azure')().stdout, 'microsoft\n')
  assert.equal(command(context, 'systemd-detect-virt', 'azure')('--container').status, 1)
})

test('words survive the shell', () => {
  for (const word of ['', "it's", '$(id) `id` "x"', 'two\nlines', '\\']) {
    assert.equal(spawnSync('sh', ['-c', `printf %s ${quoted(word)}`], { encoding: 'utf8' }).stdout, word)
  }
})

test('a folder is one layer, unless something is mounted below it: then its entries are', (context) => {
  const top = temporaryFolder(context)
  mkdirSync(join(top, 'whole/below'), { recursive: true })
  mkdirSync(join(top, 'split/mounted'), { recursive: true, mode: 0o755 })
  mkdirSync(join(top, 'split/plain'))
  writeFileSync(join(top, 'split/file'), '')
  symlinkSync('whole', join(top, 'link'))
  const layers = layersOf(layerRules(true), top, ['/', '/proc', join(top, 'split/mounted')])
  assert.deepEqual(
    layers.map(({ kind, path }) => `${kind} ${path.slice(top.length)}`),
    [
      'folder ',
      'link /link',
      'folder /split',
      'copy /split/file',
      'overlay /split/mounted',
      'overlay /split/plain',
      'overlay /whole',
    ],
  )
})

test('users that were not there before, with their groups', () => {
  const before = 'root:x:0:0:root:/root:/bin/bash\n'
  const after = `${before}ada:x:1001:1001::/home/ada:/bin/sh\n`
  const groups = 'root:x:0:\nsudo:x:27:ada,bob\nusers:x:100:bob\n'
  assert.deepEqual(addedUsers(before, after, groups), [
    { name: 'ada', userId: 1001, home: '/home/ada', shell: '/bin/sh', groups: ['sudo'] },
  ])
  assert.deepEqual(addedUsers(before, undefined, undefined), [])
})

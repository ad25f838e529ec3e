import assert from 'node:assert/strict'
import { test } from 'node:test'
import { metadataInWords } from '../../datasources/nocloud/command-line.ts'
import nocloud from '../../datasources/nocloud/index.ts'
import { addressOf } from '../../datasources/nocloud/seed-from.ts'
import { httpResponse } from '../../src/machine/http-response.ts'
import type { JsonObject } from '../../src/machine/json.ts'
import { contextFor, madeUpMachine, serving } from './made-up-cloud.ts'

const text = (bytes: Uint8Array | undefined): string => Buffer.from(bytes ?? []).toString()

test('of metadata the first place wins, of the rest the last', async () => {
  const machine = madeUpMachine({
    cmdline: 'quiet ds=nocloud;i=from-cmdline',
    files: {
      '/var/lib/cloud/seed/nocloud/meta-data': 'instance-id: from-folder\nlocal-hostname: folder.example.com\n',
      '/var/lib/cloud/seed/nocloud/user-data': 'folder',
    },
    disks: [
      {
        path: '/dev/sr0',
        label: 'CIDATA',
        type: 'iso9660',
        files: { 'meta-data': 'region: r1\nlocal-hostname: disk\n', 'user-data': 'disk', 'vendor-data': 'v' },
      },
    ],
  })
  const data = await nocloud.fetch(await contextFor(machine, 'local'))
  assert.equal(data?.instanceId, 'from-cmdline')
  assert.equal(data.localHostname, 'folder.example.com')
  assert.equal(data.region, 'r1')
  assert.deepEqual(
    [text(data.userData), data.vendorData && text(Buffer.from(data.vendorData as Uint8Array))],
    ['disk', 'v'],
  )
  assert.equal(data.subplatform, 'seed-dir (cmdline,/var/lib/cloud/seed/nocloud,/dev/sr0)')
})

test('a network seed is read at once, and files that need not be there cost no waiting', async () => {
  const machine = madeUpMachine({
    cmdline: 'ds=nocloud;s=http://192.0.2.1/seed',
    http: async (request, { clock }) => {
      await clock.pass(20)
      return serving({
        'http://192.0.2.1/seed/meta-data': 'instance-id: i1\n',
        'http://192.0.2.1/seed/user-data': '#cloud-config\n',
      })(request)
    },
  })
  const data = await nocloud.fetch(await contextFor(machine, 'network'))
  assert.equal(data?.instanceId, 'i1')
  assert.equal(data.vendorData, undefined)
  assert.equal(machine.requests.length, 4)
  assert.equal(machine.clock.monotonic(), 20)
})

test('a network seed without user-data is an error that names the address, after eleven tries', async () => {
  const machine = madeUpMachine({
    cmdline: 'ds=nocloud;s=http://192.0.2.1/',
    http: serving({ 'http://192.0.2.1/meta-data': '{}' }),
  })
  await assert.rejects(nocloud.fetch(await contextFor(machine, 'network')), /192\.0\.2\.1\/user-data.*404/)
  assert.equal(machine.requests.filter(({ url }) => url.endsWith('user-data')).length, 11)
})

test('a seed on the network is for the network stage, a folder for the local one', async () => {
  const asked = async (seedfrom: string, stage: 'local' | 'network') => {
    const machine = madeUpMachine({
      files: { '/seed/meta-data': '', '/seed/user-data': '' },
      http: ({ url }) => httpResponse({ url, body: '{}' }),
    })
    return (await nocloud.fetch(await contextFor(machine, stage, { seedfrom }))) !== undefined
  }
  assert.equal(await asked('http://192.0.2.1/', 'network'), true)
  assert.equal(await asked('http://192.0.2.1/', 'local'), false)
  assert.equal(await asked('file:///seed/', 'local'), true)
  assert.equal(await asked('/seed', 'local'), true)
  assert.equal(await asked('/seed', 'network'), false)
  assert.equal(await asked('tftp://192.0.2.1/', 'network'), false)
})

test('bad YAML in one file costs that file only, and is named', async () => {
  const machine = madeUpMachine({
    files: {
      '/var/lib/cloud/seed/nocloud/meta-data': 'instance-id: i1\n',
      '/var/lib/cloud/seed/nocloud/user-data': 'u',
      '/var/lib/cloud/seed/nocloud/network-config': 'version: [\n',
    },
  })
  const data = await nocloud.fetch(await contextFor(machine, 'local'))
  assert.equal(data?.instanceId, 'i1')
  assert.equal(data.networkConfig, undefined)
  const lines = machine.records.filter(({ level }) => level === 'ERROR')
  assert.match(lines[0]?.message ?? '', /^\/var\/lib\/cloud\/seed\/nocloud\/network-config, line 2/)
  assert.equal(lines.length, 1)
})

test('a disk that is broken or has no seed gives way to the next', async () => {
  const seed = { 'meta-data': 'instance-id: good\n', 'user-data': '' }
  const machine = madeUpMachine({
    disks: [
      { path: '/dev/sr0', label: 'cidata', type: 'iso9660', files: seed },
      { path: '/dev/sr1', label: 'cidata', type: 'iso9660', files: { readme: '' } },
      { path: '/dev/sr2', label: 'cidata', type: 'iso9660', unmountable: true },
      { path: '/dev/sr3', label: 'cidata', type: 'ext4', files: seed },
    ],
  })
  const data = await nocloud.fetch(await contextFor(machine, 'local'))
  assert.equal(data?.subplatform, 'config-disk (/dev/sr0)')
})

test('the command line is read word by word', () => {
  const table: [string, JsonObject | undefined][] = [
    ['root=/dev/sda1 quiet', undefined],
    ['ds=nocloud', { dsmode: 'local' }],
    ['ds=nocloud-net', { dsmode: 'net' }],
    ['ds=nocloudy', undefined],
    ['ds=nocloud;h=a;i=b;x=y=z', { 'local-hostname': 'a', 'instance-id': 'b', x: 'y=z', dsmode: 'local' }],
    ['ds=nocloud;s=http://a/', { seedfrom: 'http://a/', dsmode: 'net' }],
    ['ds=nocloud-net;s=/seed', { seedfrom: '/seed', dsmode: 'local' }],
    ['ds=nocloud;dsmode=net', { dsmode: 'net' }],
  ]
  for (const [words, metadata] of table) assert.deepEqual(metadataInWords(words), metadata, words)
})

test('the address of a file is made as cloud-init makes it', () => {
  const table: [base: string, address: string][] = [
    ['http://a/b', 'http://a/b/meta-data'],
    ['http://a/b/', 'http://a/b/meta-data'],
    ['http://a/b?file=', 'http://a/b?file=meta-data'],
    ['http://a/%s.yaml', 'http://a/meta-data.yaml'],
  ]
  for (const [base, address] of table) assert.equal(addressOf(base, 'meta-data'), address)
})

test('the instance id of a later boot is looked up without mounting a disk', async () => {
  const machine = madeUpMachine({ files: { '/var/lib/cloud/seed/nocloud/meta-data': 'instance-id: 12345\n' } })
  const context = await contextFor(machine, 'local')
  assert.equal(nocloud.checkInstanceId?.(context, '12345'), true)
  assert.equal(nocloud.checkInstanceId?.(context, 'other'), false)
  assert.deepEqual(machine.mounts, [])
})

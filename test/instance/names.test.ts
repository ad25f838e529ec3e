import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hostnamesByMetadata, hostnamesOf } from '../../src/instance/hostname.ts'
import { cloudNamesOf, standardKeys } from '../../src/instance/instance-v1.ts'
import { publicKeysOf } from '../../src/instance/public-keys.ts'
import { sensitivePaths } from '../../src/instance/sensitive-keys.ts'
import { vendorDataOf } from '../../src/instance/vendor-data.ts'
import type { Json } from '../../src/machine/json.ts'
import { memoryMachine } from '../../src/machine/memory.ts'

test('a host name is cut at the first dot, and an address is made a name', () => {
  const table: [metadata: string | undefined, hostname: string | undefined, fqdn?: string][] = [
    ['web', 'web', 'web'],
    ['web.example.com', 'web', 'web.example.com'],
    ['web.localdomain', 'web', 'web'],
    ['192.0.2.7', 'ip-192-0-2-7', 'ip-192-0-2-7'],
    ['1.2.3', '1', '1.2.3'],
    ['', undefined],
    [undefined, undefined],
  ]
  for (const [metadata, hostname, fqdn] of table) {
    assert.deepEqual(hostnamesByMetadata(metadata), hostname === undefined ? undefined : { hostname, fqdn })
  }
})

test('without a name in the metadata the machine keeps its own, with the domain that /etc/hosts knows', () => {
  const machine = memoryMachine({
    files: {
      '/etc/hostname': 'box\n',
      '/etc/hosts': '127.0.0.1 localhost\n127.0.1.1 box.example.org box # me\n',
    },
  })
  assert.deepEqual(hostnamesOf(machine, undefined), { hostname: 'box', fqdn: 'box.example.org' })
  assert.deepEqual(hostnamesOf(memoryMachine(), undefined), { hostname: 'localhost', fqdn: 'localhost' })
})

test('public keys come as text, list or mapping', () => {
  const table: [Json | undefined, string[]][] = [
    ['ssh-rsa A\nssh-rsa B\n', ['ssh-rsa A', 'ssh-rsa B']],
    [
      ['ssh-rsa A', 7, 'ssh-rsa B'],
      ['ssh-rsa A', 'ssh-rsa B'],
    ],
    [{ one: 'ssh-rsa A', two: ['ssh-rsa B', ''], three: null }, ['ssh-rsa A', 'ssh-rsa B']],
    [undefined, []],
    [null, []],
  ]
  for (const [data, keys] of table) assert.deepEqual(publicKeysOf(data), keys)
})

test('of vendor data that is a mapping only cloud-init counts', () => {
  const machine = memoryMachine()
  const convert = (data: Json | undefined) => vendorDataOf(data, 'vendor_data.json', machine.log)
  assert.equal(convert('#cloud-config'), '#cloud-config')
  assert.deepEqual(convert(['a']), ['a'])
  assert.equal(convert({ 'cloud-init': '#!/bin/sh', other: 1 }), '#!/bin/sh')
  assert.equal(convert({ other: 1 }), undefined)
  assert.equal(convert(undefined), undefined)
  assert.deepEqual(machine.records, [])
  assert.equal(convert({ 'cloud-init': { runcmd: [] } }), undefined)
  assert.equal(convert(7), undefined)
  assert.equal(machine.records.length, 2)
})

test('the cloud id tells the partitions of a cloud apart', () => {
  const id = (datasource: string, data: object) => cloudNamesOf({ instanceId: 'i', ...data }, datasource).cloudId
  assert.equal(id('Ec2', { cloudName: 'aws', region: 'us-gov-east-1' }), 'aws-gov')
  assert.equal(id('Ec2', { cloudName: 'aws', region: 'cn-north-1' }), 'aws-china')
  assert.equal(id('Ec2', { cloudName: 'aws', region: 'eu-west-1' }), 'aws')
  assert.equal(id('Azure', { region: 'chinaeast' }), 'azure-china')
  assert.equal(id('NoCloud', { cloudName: 'unknown' }), 'nocloud')
  assert.equal(id('NoCloud', { cloudName: 'MyCloud', region: 'cn-1' }), 'mycloud')
})

test('the standard keys are there under both spellings', () => {
  const keys = standardKeys({ instanceId: 'i-1', availabilityZone: 'z', publicKeys: ['k'] }, 'GCE', 'web')
  assert.equal(keys['instance_id'], 'i-1')
  assert.equal(keys['instance-id'], 'i-1')
  assert.equal(keys['availability_zone'], 'z')
  assert.equal(keys['local-hostname'], 'web')
  assert.equal(keys['platform'], 'gce')
  assert.deepEqual(keys['public_ssh_keys'], ['k'])
  assert.equal(keys['region'], null)
})

test('secrets are found at any depth, in any case, and by path', () => {
  const data = { ds: { meta_data: { imds: { userData: 'x' }, 'user-data': 'y', name: 'z' }, password: 'p' } }
  assert.deepEqual(sensitivePaths(data, ['ds/password']), [
    'ds/meta_data/imds/userData',
    'ds/meta_data/user-data',
    'ds/password',
  ])
})

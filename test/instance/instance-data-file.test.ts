import assert from 'node:assert/strict'
import { test } from 'node:test'
import { writeCombinedConfig, writeInstanceData } from '../../src/instance/instance-data-file.ts'
import { defaultPaths } from '../../src/instance/paths.ts'
import { answerQuery } from '../../src/instance/query.ts'
import { readSystemFacts } from '../../src/instance/system-facts.ts'
import type { JsonObject } from '../../src/machine/json.ts'
import { type MemoryMachine, memoryMachine } from '../../src/machine/memory.ts'

const publish = (machine: MemoryMachine, metadata: JsonObject): void => {
  const data = { instanceId: 'i-1', localHostname: 'web', metadata, sensitiveKeys: ['pw'] }
  const facts = readSystemFacts(machine, 'x86_64')
  writeInstanceData(machine, defaultPaths, { data, datasource: 'NoCloud', hostname: 'web', facts, systemConfig: {} })
}

const files = { '/etc/os-release': 'ID=debian\nVERSION_ID="12"\nVERSION_CODENAME=bookworm\n' }

test('Secrets are in the copy for root only', () => {
  const machine = memoryMachine({ files })
  publish(machine, { 'instance-id': 'i-1', pw: 'hunter2', deep: { 'user-data': 'x' } })
  const tree = machine.tree()
  const everybody = tree['/run/cloud-init/instance-data.json']
  assert.equal(everybody?.mode, 0o644)
  assert.doesNotMatch(everybody?.content ?? '', /hunter2/)
  assert.match(everybody?.content ?? '', /"user-data": "redacted for non-root user"/)
  const root = tree['/run/cloud-init/instance-data-sensitive.json']
  assert.equal(root?.mode, 0o600)
  assert.match(root?.content ?? '', /hunter2/)
  assert.equal(tree['/run/cloud-init/cloud-id']?.content, '/run/cloud-init/cloud-id-nocloud')
})

test('The standard keys tell distribution and kernel', () => {
  const machine = memoryMachine({ files: { ...files, '/proc/sys/kernel/osrelease': '6.1.0\n' } })
  publish(machine, {})
  const { v1 } = JSON.parse(machine.files.readText('/run/cloud-init/instance-data.json'))
  assert.equal(v1.distro, 'debian')
  assert.equal(v1.distro_version, '12')
  assert.equal(v1.kernel_release, '6.1.0')
  assert.equal(v1.local_hostname, 'web')
})

test('A new cloud id takes the place of the old one', () => {
  const machine = memoryMachine({
    files: {
      ...files,
      '/run/cloud-init/cloud-id-aws': 'aws\n',
      '/run/cloud-init/cloud-id': { link: '/run/cloud-init/cloud-id-aws' },
    },
  })
  publish(machine, {})
  assert.equal(machine.files.exists('/run/cloud-init/cloud-id-aws'), false)
  assert.equal(machine.files.readText('/run/cloud-init/cloud-id'), 'nocloud\n')
})

test('A query finds keys by their names with underscores, and list items by number', async () => {
  const machine = memoryMachine({ files })
  publish(machine, { 'public-keys': ['a', 'b'] })
  const ask = (name: string) => answerQuery(machine, defaultPaths, { folder: '/', name }, machine.log)
  assert.deepEqual(await ask('local_hostname'), { exitCode: 0, output: 'web' })
  assert.deepEqual(await ask('ds.meta_data.public_keys.1'), { exitCode: 0, output: 'b' })
  assert.deepEqual(await ask('v1.nope'), { exitCode: 1 })
})

test('The combined configuration, with what user-data says, is for root only', async () => {
  const machine = memoryMachine({ files })
  publish(machine, {})
  writeCombinedConfig(machine, defaultPaths, { password: 'hunter2' })
  const ask = (name: string) => answerQuery(machine, defaultPaths, { folder: '/', name }, machine.log)
  assert.deepEqual(await ask('combined_cloud_config.password'), { exitCode: 0, output: 'hunter2' })
  assert.deepEqual(await ask('merged_system_cfg.password'), { exitCode: 0, output: 'hunter2' })
  assert.equal(machine.tree()['/run/cloud-init/combined-cloud-config.json']?.mode, 0o600)
  assert.doesNotMatch(machine.files.readText('/run/cloud-init/instance-data.json'), /hunter2/)
})

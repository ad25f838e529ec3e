import assert from 'node:assert/strict'
import { test } from 'node:test'
import { effectiveConfig, readBaseConfig, vendorSettings } from '../../src/cloudconfig/load.ts'
import { mergeLayers } from '../../src/cloudconfig/merge.ts'
import { memoryMachine } from '../../src/machine/memory.ts'

test('A file that can not be used is named with line and reason, and the others hold', async () => {
  const machine = memoryMachine({
    files: {
      '/etc/cloud/cloud.cfg': 'a: 1\nb: [\n',
      '/etc/cloud/cloud.cfg.d/10.cfg': 'c: 3\n',
      '/etc/cloud/cloud.cfg.d/20.cfg': new Uint8Array([0x61, 0x3a, 0xff]),
      '/etc/cloud/cloud.cfg.d/30.cfg': 'd: 4\nmerge_how: nonsense\n',
    },
  })
  const { config } = await readBaseConfig(machine, { cmdline: 'ro cc: e: 5 end_cc quiet' })
  assert.deepEqual([config['a'], config['c'], config['d'], config['e']], [undefined, 3, undefined, 5])
  const messages = machine.records.map(({ message }) => message).join('\n')
  assert.match(
    messages,
    /\/etc\/cloud\/cloud.cfg is left out: line 3, column 1: a bracket or quote above is not closed/,
  )
  assert.match(messages, /20.cfg is left out: it is not UTF-8/)
  assert.match(messages, /30.cfg is left out: merge_how/)
})

test('User-data lies over vendor-data, that over the datasource and that over the image', async () => {
  const folder = '/var/lib/cloud/instances/i-1'
  const machine = memoryMachine({
    files: {
      '/etc/cloud/cloud.cfg': 'k: image\nimage: 1\n',
      [`${folder}/cloud-config.txt`]: '#cloud-config\nk: user\nuser: 1\n',
      [`${folder}/vendor-cloud-config.txt`]: '#cloud-config\nk: vendor\nvendor: 1\n',
    },
  })
  const base = await readBaseConfig(machine, { cmdline: '' })
  const { config } = await effectiveConfig(machine, base, folder, { datasource: { k: 'ds', ds: 1 } })
  assert.deepEqual([config['k'], config['user'], config['vendor'], config['ds'], config['image']], ['user', 1, 1, 1, 1])
  assert.equal(config['system_info'], undefined)
})

test('Merging does not reach the prototype of objects', () => {
  const layer = JSON.parse('{"__proto__": {"polluted": true}, "a": {"__proto__": {"polluted": true}, "b": 1}}')
  const merged = mergeLayers([{ a: { c: 1 } }, layer])
  assert.deepEqual(merged, { a: { c: 1, b: 1 } })
  assert.equal((merged as { polluted?: boolean }).polluted, undefined)
})

test('The settings of vendor-data are read in all their forms', () => {
  const { log } = memoryMachine()
  const settings = (value: unknown) => vendorSettings({ vendor_data: value as never }, 'vendor_data', log)
  assert.deepEqual(settings({ enabled: true, prefix: ['a', 1] }), {
    enabled: true,
    prefix: ['a', '1'],
    excludedTypes: [],
  })
  assert.deepEqual(settings({ enabled: 'yes', prefix: 'x' }), { enabled: true, prefix: ['x'], excludedTypes: [] })
  assert.equal(settings({ enabled: 'no' }).enabled, false)
  assert.equal(settings('nope').enabled, false)
})

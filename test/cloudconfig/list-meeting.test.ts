import assert from 'node:assert/strict'
import { test } from 'node:test'
import { effectiveConfig, readBaseConfig } from '../../src/cloudconfig/load.ts'
import { traceLayers } from '../../src/cloudconfig/trace-layers.ts'
import { memoryMachine } from '../../src/machine/memory.ts'

const folder = '/var/lib/cloud/instances/i-1'

const merged = async (user: string, vendor: string, image = '', vendor2 = '') => {
  const machine = memoryMachine({
    files: {
      '/etc/cloud/cloud.cfg': image,
      [`${folder}/cloud-config.txt`]: user,
      [`${folder}/vendor-cloud-config.txt`]: vendor,
      [`${folder}/vendor2-cloud-config.txt`]: vendor2,
    },
  })
  const base = await readBaseConfig(machine, { cmdline: '' })
  const { config, tree } = await effectiveConfig(machine, base, folder)
  const { value } = traceLayers(tree, new Map())
  const problems = machine.records.map(({ message }) => message)
  return { config, traced: value, problems }
}

const user = 'runcmd: [u]\napt: {conf: u, list: [u]}\n'
const vendor = 'runcmd: [v]\napt: {conf: v, list: [v], more: v}\n'
const how = (merge: string) => `vendor_data: {merge: ${merge}}\n`

test('Lists of vendor-data meet those of user-data as vendor_data.merge says, at any depth', async () => {
  const cases: [string, string[]][] = [
    ['default', ['u']],
    ['append', ['u', 'v']],
    ['prepend', ['v', 'u']],
    ['replace', ['u']],
  ]
  for (const [setting, list] of cases) {
    const { config, problems } = await merged(user + how(setting), vendor)
    assert.deepEqual([config['runcmd'], config['apt']], [list, { conf: 'u', list, more: 'v' }], setting)
    assert.deepEqual(problems, [])
  }
})

test("By default vendor-data's own merge_how counts, as in cloud-init; a setting counts instead of it", async () => {
  const own = `${vendor}merge_how: list(append)+dict(recurse_list)\n`
  assert.deepEqual((await merged(user, own)).config['runcmd'], ['u', 'v'])
  assert.deepEqual((await merged(user + how('default'), own)).config['runcmd'], ['u', 'v'])
  assert.deepEqual((await merged(user + how('replace'), own)).config['runcmd'], ['u'])
})

test('User-data decides before vendor-data, and that before the image', async () => {
  const [append, replace] = [how('append'), how('replace')]
  assert.deepEqual((await merged(user, vendor, append)).config['runcmd'], ['u', 'v'])
  assert.deepEqual((await merged(user, vendor + append)).config['runcmd'], ['u', 'v'])
  assert.deepEqual((await merged(user, vendor + replace, append)).config['runcmd'], ['u'])
  assert.deepEqual((await merged(user + replace, vendor + append)).config['runcmd'], ['u'])
})

test('vendor_data2 has a setting of its own', async () => {
  const { config } = await merged(`${user}vendor_data2: {merge: append}\n`, vendor, '', 'runcmd: [v2]\n')
  assert.deepEqual(config['runcmd'], ['u', 'v2'])
})

test('Lists that are an order or a command stay whole, and other types give way', async () => {
  const { config } = await merged(
    `cloud_init_modules: [a]\nvendor_data: {merge: append, prefix: [p]}\nlocale: u\n`,
    `cloud_init_modules: [b]\nvendor_data: {prefix: [q]}\nlocale: [v]\n`,
  )
  assert.deepEqual(config['cloud_init_modules'], ['a'])
  assert.deepEqual(config['vendor_data'], { merge: 'append', prefix: ['p'], enabled: true })
  assert.equal(config['locale'], 'u')
})

test('A setting that is none is named, and the default holds', async () => {
  const { config, problems } = await merged(user + how('both'), vendor)
  assert.deepEqual(config['runcmd'], ['u'])
  assert.match(problems.join('\n'), /vendor_data.merge must be default, append, prepend or replace/)
})

test('Tracing makes the same configuration as merging', async () => {
  for (const setting of ['default', 'append', 'prepend', 'replace']) {
    const { config, traced } = await merged(
      user + how(setting),
      `${vendor}merge_how: dict(replace)\n`,
      'runcmd: [i]\nx: 1\n',
    )
    const { system_info: _systemInfo, ...rest } = traced
    assert.deepEqual(rest, config)
  }
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type ModuleEntry, parseFrequency, parseModuleEntry, readModuleList } from '../../src/boot/module-list.ts'
import type { Json } from '../../src/machine/json.ts'
import { memoryMachine } from '../../src/machine/memory.ts'

const spellings: readonly (readonly [written: Json, read: ModuleEntry | undefined])[] = [
  ['set_hostname', { id: 'set_hostname', arguments: [] }],
  ['set-hostname', { id: 'set_hostname', arguments: [] }],
  ['cc_set-hostname.py', { id: 'set_hostname', arguments: [] }],
  [' runcmd ', { id: 'runcmd', arguments: [] }],
  [['runcmd'], { id: 'runcmd', arguments: [] }],
  [['runcmd', 'always'], { id: 'runcmd', frequency: 'always', arguments: [] }],
  [['scripts-user', 'once-per-instance'], { id: 'scripts_user', frequency: 'instance', arguments: [] }],
  [['scripts_user', 'per-instance'], { id: 'scripts_user', frequency: 'instance', arguments: [] }],
  [['scripts_per_once', 'once'], { id: 'scripts_per_once', frequency: 'once', arguments: [] }],
  [['final_message', 'always', 'bye', 7], { id: 'final_message', frequency: 'always', arguments: ['bye', '7'] }],
  [['final_message', 'bye'], { id: 'final_message', arguments: ['bye'] }],
  [
    { name: 'phone-home', freq: 'always', args: ['a', 1] },
    { id: 'phone_home', frequency: 'always', arguments: ['a', '1'] },
  ],
  [
    { name: 'ssh', frequency: 'once' },
    { id: 'ssh', frequency: 'once', arguments: [] },
  ],
  [
    { name: 'ssh', frequency: 'sometimes' },
    { id: 'ssh', arguments: [] },
  ],
  [7, undefined],
  [null, undefined],
  [[], undefined],
  [[7, 'always'], undefined],
  [{ id: 'ssh' }, undefined],
]
for (const [written, read] of spellings) {
  test(`the module list entry ${JSON.stringify(written)} is ${JSON.stringify(read) ?? 'none'}`, () => {
    assert.deepEqual(parseModuleEntry(written), read)
  })
}

test('a frequency is one of three, in cloud-init’s words or short', () => {
  const words = ['always', 'once', 'instance', 'once-per-instance', 'per-instance', 'daily']
  assert.deepEqual(words.map(parseFrequency), ['always', 'once', 'instance', 'instance', 'instance', undefined])
})

test('what is no entry is reported with its place, and the other modules are read', () => {
  const machine = memoryMachine()
  const list = readModuleList(
    { cloud_config_modules: ['ntp', 7, ['locale', 'always']] },
    'cloud_config_modules',
    machine.log,
  )
  assert.deepEqual(
    list.map(({ id }) => id),
    ['ntp', 'locale'],
  )
  assert.match(machine.records[0]?.message ?? '', /^cloud_config_modules\[1\]: expected a module name/)
})

test('a list that is missing, or empty, has no modules and is no mistake', () => {
  const machine = memoryMachine()
  assert.deepEqual(readModuleList({}, 'cloud_init_modules', machine.log), [])
  assert.deepEqual(readModuleList({ cloud_init_modules: null }, 'cloud_init_modules', machine.log), [])
  assert.deepEqual(machine.records, [])
})

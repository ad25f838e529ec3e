import assert from 'node:assert/strict'
import { test } from 'node:test'
import snap from '../../modules/snap.ts'
import type { JsonObject } from '../../src/machine/json.ts'
import { commandLines, contextFor, madeUpDebian } from './made-up-debian.ts'

const run = async (config: JsonObject) => {
  const machine = madeUpDebian({
    which: ['snap'],
    onCommand: (argv) =>
      argv.includes('broken') ? { exitCode: 1 } : ['snap', '/bin/sh'].includes(argv[0] ?? '') ? '' : undefined,
  })
  const outcome = await Promise.resolve(snap.run(config, await contextFor(machine, config))).then(
    () => 'done',
    (error: Error) => error.message,
  )
  return { machine, outcome, commands: commandLines(machine) }
}

test('commands are words of snap or lines of shell, in order', async () => {
  const expected = ['snap install a', 'snap install b', '/bin/sh -c snap install c', '/bin/sh -c echo d']
  const list = [['install', 'a'], ['snap', 'install', 'b'], 'snap install c', 'echo d']
  assert.deepEqual((await run({ snap: { commands: list } })).commands, expected)

  const mapping = { 10: 'echo d', 2: 'snap install c', 1: ['snap', 'install', 'b'], 0: ['install', 'a'] }
  assert.deepEqual((await run({ snap: { commands: mapping } })).commands, expected)
})

test('one that fails does not stop the others', async () => {
  const { outcome, commands } = await run({ snap: { assertions: ['x'], commands: [['broken'], ['install', 'a']] } })
  assert.match(outcome, /^snap.commands\[0\]: snap broken: exit code 1/)
  assert.equal(commands.at(-1), 'snap install a')
})

test('assertions are handed over in one file, before any command', async () => {
  for (const assertions of [['ONE', 'TWO\n'], { '00': 'ONE', '01': 'TWO\n' }]) {
    const { machine, commands } = await run({ snap: { assertions, commands: ['snap list'] } })
    assert.equal(machine.files.readText('/var/lib/cloud/instances/i-1/snapd.assertions'), 'ONE\nTWO\n')
    assert.deepEqual(commands, ['snap ack /var/lib/cloud/instance/snapd.assertions', '/bin/sh -c snap list'])
  }
})

test('snap is waited for until the snaps of the image are set up', async () => {
  const { machine } = await run({ snap: { commands: [['install', 'a']] } })
  const order = machine.commands.map(({ argv }) => argv.join(' '))
  assert.deepEqual(order, ['snap wait system seed.loaded', 'snap install a'])
})

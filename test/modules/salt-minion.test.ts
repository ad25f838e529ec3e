import assert from 'node:assert/strict'
import { test } from 'node:test'
import saltMinion from '../../modules/salt_minion.ts'
import { parseYaml } from '../../src/cloudconfig/yaml.ts'
import type { JsonObject } from '../../src/machine/json.ts'
import { commandLines, contextFor, madeUpDebian } from './made-up-debian.ts'

const run = async (settings: JsonObject) => {
  const machine = madeUpDebian({
    which: ['apt-get', 'apt-cache', 'systemctl'],
    commands: { 'apt-cache pkgnames': 'salt-minion\nvim\n', 'salt-call --local state.apply': '' },
    onCommand: ([name]) => (name === 'apt-get' ? '' : undefined),
  })
  const config = { salt_minion: settings }
  const outcome = await Promise.resolve(saltMinion.run(config, await contextFor(machine, config))).then(
    () => 'done',
    (error: Error) => error.message,
  )
  return { machine, outcome, commands: commandLines(machine).filter((line) => !line.startsWith('apt-get')) }
}

test('a minion with a master runs as a service', async () => {
  const { machine, commands } = await run({ conf: { master: 'salt.example.com' }, grains: { role: ['web'] } })
  assert.deepEqual(parseYaml(machine.files.readText('/etc/salt/minion'), ''), { master: 'salt.example.com' })
  assert.deepEqual(parseYaml(machine.files.readText('/etc/salt/grains'), ''), { role: ['web'] })
  assert.deepEqual(commands, ['systemctl enable salt-minion', 'systemctl restart salt-minion'])
})

test('a minion without a master applies its states once', async () => {
  const { commands } = await run({ conf: { file_client: 'local' }, service_name: 'minion' })
  assert.deepEqual(commands, ['systemctl disable minion', 'systemctl stop minion', 'salt-call --local state.apply'])
})

test('nobody but root gets at the keys', async () => {
  const { machine } = await run({ public_key: 'PUB', private_key: 'PRIV', pki_dir: '/etc/salt/pki/minion' })
  assert.equal(machine.files.readText('/etc/salt/pki/minion/minion.pub'), 'PUB')
  assert.equal(machine.files.readText('/etc/salt/pki/minion/minion.pem'), 'PRIV')
  for (const folder of ['/etc/salt/pki', '/etc/salt/pki/minion']) {
    assert.equal(machine.files.stat(folder)?.mode, 0o700, folder)
  }
})

test('half a pair of keys is reported', async () => {
  assert.match((await run({ private_key: 'PRIV' })).outcome, /public_key and private_key go together/)
})

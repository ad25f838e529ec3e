import assert from 'node:assert/strict'
import { test } from 'node:test'
import rhSubscription from '../../modules/rh_subscription/index.ts'
import spacewalk from '../../modules/spacewalk.ts'
import { acceptConfig } from '../../src/cloudconfig/accept.ts'
import type { ConfigModule } from '../../src/cloudconfig/module.ts'
import { loadDistro } from '../../src/distros/index.ts'
import type { JsonObject } from '../../src/machine/json.ts'
import type { MemoryCommand, MemoryMachine } from '../../src/machine/memory.ts'
import { commandLines, complaints, contextFor, madeUpDebian } from './made-up-debian.ts'

/** What subscription-manager and the like say, by the words after the command. */
const run = async (module: ConfigModule, config: JsonObject, says: Readonly<Record<string, MemoryCommand>> = {}) => {
  const machine = madeUpDebian({
    which: ['dnf'],
    onCommand: (argv) => says[argv.slice(1).join(' ')] ?? (argv[1] === 'identity' ? { exitCode: 1 } : ''),
  })
  const distro = await loadDistro('rhel', {}, machine)
  await module.run(await acceptConfig(module, config, machine.log), await contextFor(machine, config, {}, { distro }))
  return machine
}

const changes = (machine: MemoryMachine): string[] =>
  commandLines(machine).map((line) => line.replace('subscription-manager ', ''))

test('a machine is registered by an account or by an activation key, with secrets out of the log', async () => {
  const account = {
    username: 'me@example.com',
    password: 'secret-word',
    rhsm_baseurl: 'http://b',
    'server-hostname': 's',
  }
  const machine = await run(rhSubscription, { rh_subscription: account })
  assert.deepEqual(changes(machine), [
    'register --username=me@example.com --password=secret-word --baseurl=http://b --serverurl=s',
  ])
  assert.doesNotMatch(JSON.stringify(machine.journal.entries), /secret-word/)
  const key = await run(rhSubscription, { rh_subscription: { 'activation-key': 'my-key', org: 12 } })
  assert.deepEqual(changes(key), ['register --activationkey=my-key --org=12'])
})

test('subscriptions, pools, repositories and the release follow', async () => {
  const settings = {
    ...{ username: 'u', password: 'p', auto_attach: true, service_level: 'standard', release_version: '9.4' },
    ...{ add_pool: ['one', 'two', 'nowhere'], enable_repo: ['off', 'on', 'none'], disable_repo: ['on2', 'off'] },
  }
  const machine = await run(
    rhSubscription,
    { rh_subscription: settings },
    {
      'list --available --pool-only': 'one\n',
      'list --consumed --pool-only': 'two\n',
      'repos --list-enabled': 'Repo ID:   on\nRepo Name: x\nRepo ID: on2\n',
      'repos --list-disabled': 'Repo ID:   off\n',
    },
  )
  assert.deepEqual(changes(machine).slice(1), [
    'attach --auto --servicelevel=standard',
    'attach --pool=one',
    'repos --disable=on2 --enable=off',
    'release --set=9.4',
  ])
  assert.match(complaints(machine).join('\n'), /there is no pool nowhere\n.*there is no repository none/)
})

test('a registered machine is left alone, and one that can’t be registered still boots', async () => {
  const account = { username: 'u', password: 'p', auto_attach: true }
  assert.deepEqual(changes(await run(rhSubscription, { rh_subscription: account }, { identity: 'id' })), [])
  const failed = await run(
    rhSubscription,
    { rh_subscription: account },
    { 'register --username=u --password=p': { exitCode: 70, stderr: 'Invalid' } },
  )
  assert.equal(changes(failed).length, 1)
  assert.match(complaints(failed).join(), /is not registered: .*Invalid/)
  const incomplete = await run(rhSubscription, { rh_subscription: { activation_key: 'k' } })
  assert.match(complaints(incomplete).join(), /give username and password, or activation_key and org/)
})

test('Spacewalk registers a machine that is not, by its name', async () => {
  const config = { spacewalk: { server: 'sw.example', activation_key: 'my-key', proxy: 'p' } }
  const machine = await run(spacewalk, config, { '--verbose': { exitCode: 1 } })
  assert.deepEqual(commandLines(machine), [
    'dnf -y install rhn-setup',
    'rhn-profile-sync --verbose',
    'rhnreg_ks --serverUrl https://sw.example/XMLRPC --profilename i-1 --proxy p --sslCACert /usr/share/rhn/RHN-ORG-TRUSTED-SSL-CERT --activationkey my-key',
  ])
  assert.equal(commandLines(await run(spacewalk, config)).length, 2)
  assert.deepEqual(commandLines(await run(spacewalk, { spacewalk: {} })), [])
})

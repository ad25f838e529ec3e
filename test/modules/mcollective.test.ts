import assert from 'node:assert/strict'
import { test } from 'node:test'
import mcollective from '../../modules/mcollective.ts'
import type { JsonObject } from '../../src/machine/json.ts'
import { commandLines, contextFor, madeUpDebian } from './made-up-debian.ts'

const machineWith = (serverFile?: string) =>
  madeUpDebian({
    which: ['apt-get', 'apt-cache', 'systemctl'],
    files: serverFile === undefined ? {} : { '/etc/mcollective/server.cfg': serverFile },
    commands: { 'apt-cache pkgnames': 'mcollective\nvim\n' },
    onCommand: ([name]) => (name === 'apt-get' ? '' : undefined),
  })

const run = async (machine: ReturnType<typeof machineWith>, conf: JsonObject): Promise<void> => {
  const config = { mcollective: { conf } }
  await mcollective.run(config, await contextFor(machine, config))
}

test('settings join those that are there; the file as it was is kept', async () => {
  const before = '# mine\nloglevel=info\nlibdir = /usr/share\n'
  const machine = machineWith(before)
  const conf = { loglevel: 'debug', 'plugin.stomp.host': 'mq', direct_addressing: 1 }
  await run(machine, conf)
  await run(machine, conf)
  assert.equal(
    machine.files.readText('/etc/mcollective/server.cfg'),
    '# mine\nloglevel = debug\nlibdir = /usr/share\ndirect_addressing = 1\nplugin.stomp.host = mq\n',
  )
  assert.equal(machine.files.readText('/etc/mcollective/server.cfg.old'), before)
  assert.equal(commandLines(machine).at(-1), 'systemctl restart mcollective')
})

test('certificates become files, the private one for root alone', async () => {
  const machine = machineWith()
  await run(machine, { 'public-cert': 'PUB', 'private-cert': 'PRIV' })
  assert.equal(machine.files.stat('/etc/mcollective/ssl/server-public.pem')?.mode, 0o644)
  assert.equal(machine.files.stat('/etc/mcollective/ssl/server-private.pem')?.mode, 0o600)
  assert.equal(
    machine.files.readText('/etc/mcollective/server.cfg'),
    'plugin.ssl_server_private = /etc/mcollective/ssl/server-private.pem\nsecurityprovider = ssl\n' +
      'plugin.ssl_server_public = /etc/mcollective/ssl/server-public.pem\n',
  )
})

test('a value of two lines is refused', async () => {
  await assert.rejects(run(machineWith(), { a: 'x\ndaemonize = 0' }), /mcollective.conf.a: it must be one line/)
})

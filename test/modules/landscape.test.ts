import assert from 'node:assert/strict'
import { test } from 'node:test'
import landscape from '../../modules/landscape.ts'
import type { JsonObject } from '../../src/machine/json.ts'
import { commandLines, complaints, contextFor, madeUpDebian } from './made-up-debian.ts'

const run = async (client: JsonObject, registered = 5, clientConf = '') => {
  const machine = madeUpDebian({
    which: ['apt-get', 'apt-cache', 'landscape-config'],
    files: clientConf === '' ? {} : { '/etc/landscape/client.conf': clientConf },
    commands: { 'apt-cache pkgnames': 'landscape-client\nvim\n' },
    onCommand: ([name, ...words]) => {
      if (name === 'landscape-config') return words.includes('--is-registered') ? { exitCode: registered } : ''
      return name === 'apt-get' ? '' : undefined
    },
  })
  const config = { landscape: { client } }
  await landscape.run(config, await contextFor(machine, config))
  return { machine, command: commandLines(machine).find((line) => line.startsWith('landscape-config')) }
}

const account = { account_name: 'acme', computer_title: 'kiosk 1' }

test('the machine registers with all settings, in the order of their names', async () => {
  const { command } = await run({ ...account, tags: 'a,b' })
  assert.equal(
    command,
    'landscape-config --silent --account-name acme --computer-title kiosk 1 --data-path /var/lib/landscape/client ' +
      '--log-level info --ping-url http://landscape.canonical.com/ping --tags a,b ' +
      '--url https://landscape.canonical.com/message-system',
  )
})

test('settings of client.conf count where the configuration says nothing', async () => {
  const { command } = await run(account, 5, '[other]\nurl = x\n[client]\nlog_level = debug\naccount_name = old\n')
  assert.match(command ?? '', /--account-name acme .*--log-level debug /)
})

test('the registration key is never seen', async () => {
  const { machine, command } = await run({ ...account, registration_key: 'S3CRET' })
  assert.match(command ?? '', /--registration-key S3CRET/)
  assert.ok(!JSON.stringify([machine.journal.entries, machine.records]).includes('S3CRET'))
})

test('a machine that is registered stays so', async () => {
  const { machine, command } = await run(account, 0)
  assert.equal(command, undefined)
  assert.match(complaints(machine).join(), /registered already/)
})

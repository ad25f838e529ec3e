import assert from 'node:assert/strict'
import { test } from 'node:test'
import ubuntuPro from '../../modules/ubuntu_pro/index.ts'
import type { JsonObject } from '../../src/machine/json.ts'
import type { MemoryCommand, MemoryCommandHandler } from '../../src/machine/memory.ts'
import { commandLines, complaints, contextFor, madeUpDebian } from './made-up-debian.ts'

/** What the Pro client says to the question whether the machine attaches by itself. */
const autoAttach = (answer: boolean): string =>
  JSON.stringify({ result: 'success', data: { attributes: { should_auto_attach: answer } }, errors: [] })

const run = async (config: JsonObject, pro: (words: string) => MemoryCommand | undefined = () => undefined) => {
  const answer: MemoryCommandHandler = ([name, ...words]) => (name === 'pro' ? (pro(words.join(' ')) ?? '') : undefined)
  const machine = madeUpDebian({ which: ['pro'], onCommand: answer })
  const outcome = await Promise.resolve(ubuntuPro.run(config, await contextFor(machine, config))).then(
    () => 'done',
    (error: Error) => error.message,
  )
  return { machine, outcome, commands: commandLines(machine) }
}

test('a token attaches the machine, and is never seen', async () => {
  const { machine, outcome, commands } = await run({ ubuntu_pro: { token: 'T0KEN' } })
  assert.equal(outcome, 'done')
  assert.deepEqual(commands, ['pro attach T0KEN'])
  assert.ok(!JSON.stringify([machine.journal.entries, machine.records]).includes('T0KEN'))
})

test('named services are enabled instead of the subscription’s own', async () => {
  const { outcome, commands } = await run({ ubuntu_pro: { token: 't', enable: ['fips', 'esm-infra'] } }, (words) =>
    words.startsWith('enable') ? '{"errors": [{"message_code": "service-already-enabled", "service": "fips"}]}' : '',
  )
  assert.equal(outcome, 'done')
  assert.deepEqual(commands, ['pro attach --no-auto-enable t', 'pro enable --assume-yes --format json fips esm-infra'])
})

test('a service that can not be enabled is named', async () => {
  const { outcome } = await run({ ubuntu_pro: { token: 't', enable: ['asdf'] } }, (words) =>
    words.startsWith('enable')
      ? { exitCode: 1, stdout: '{"errors": [{"message_code": "x", "service": "asdf", "message": "unknown service"}]}' }
      : '',
  )
  assert.equal(outcome, 'ubuntu_pro.enable: asdf: unknown service')
})

test('without a token, only an image of Ubuntu Pro attaches', async () => {
  const asked = { ubuntu_pro: { enable: ['esm-infra'], enable_beta: ['realtime-kernel'] } }
  const elsewhere = await run(asked)
  assert.match(elsewhere.outcome, /^ubuntu_pro.token: it is needed/)
  assert.deepEqual(elsewhere.commands, [])

  const image = await run(asked, (words) => (words.includes('should_auto_attach') ? autoAttach(true) : ''))
  assert.equal(image.outcome, 'done')
  assert.deepEqual(image.commands, [
    'pro api u.pro.attach.auto.full_auto_attach.v1 --data {"enable":["esm-infra"],"enable_beta":["realtime-kernel"]}',
  ])
})

test('an image that must not attach by itself does not', async () => {
  const yes = (words: string): MemoryCommand => (words.includes('should_auto_attach') ? autoAttach(true) : '')
  const features = { disable_auto_attach: true }
  assert.deepEqual((await run({ ubuntu_pro: { features } }, yes)).commands, [])
  assert.deepEqual((await run({ ubuntu_pro: { features, token: 't' } }, yes)).commands, ['pro attach t'])
})

test('settings are set one by one; a bad one is reported without its value', async () => {
  const config = { http_proxy: 'http://user:pw@proxy:8088', https_proxy: null, ua_apt_http_proxy: 'ftp://secret' }
  const { machine, outcome, commands } = await run({ ubuntu_pro: { token: 't', config } })
  assert.match(outcome, /^ubuntu_pro.config.ua_apt_http_proxy: it must be an http or https address/)
  assert.deepEqual(commands, [
    'pro config set http_proxy=http://user:pw@proxy:8088',
    'pro config unset https_proxy',
    'pro attach t',
  ])
  assert.ok(!/pw@|secret/.test(JSON.stringify([machine.journal.entries, machine.records])))
})

test('older names of the key are understood', async () => {
  for (const key of ['ubuntu_advantage', 'ubuntu-advantage']) {
    assert.deepEqual((await run({ [key]: { token: 't' } })).commands, ['pro attach t'], key)
  }
  const { machine, commands } = await run({ ubuntu_advantage: { token: 'old' }, ubuntu_pro: { token: 'new' } })
  assert.deepEqual(commands, ['pro attach new'])
  assert.match(complaints(machine).join(), /ubuntu_advantage: is not looked at/)
})

test('the client is installed where it is missing', async () => {
  const machine = madeUpDebian({
    which: ['apt-get', 'apt-cache'],
    onCommand: ([name]) => (name === 'apt-get' || name === 'pro' ? '' : undefined),
    commands: { 'apt-cache pkgnames': 'ubuntu-advantage-tools\nvim\n' },
  })
  const config = { ubuntu_pro: { token: 't' } }
  await ubuntuPro.run(config, await contextFor(machine, config))
  assert.match(commandLines(machine).join('\n'), /install ubuntu-advantage-tools\npro attach t$/)
})

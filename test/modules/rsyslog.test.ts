import assert from 'node:assert/strict'
import { test } from 'node:test'
import rsyslog from '../../modules/rsyslog/index.ts'
import { remoteLine } from '../../modules/rsyslog/remotes.ts'
import { acceptConfig } from '../../src/cloudconfig/accept.ts'
import type { Json, JsonObject } from '../../src/machine/json.ts'
import { commandLines, complaints, contextFor, madeUpDebian } from './made-up-debian.ts'

const run = async (settings: Json, failing?: string) => {
  const machine = madeUpDebian({
    which: ['apt-get'],
    onCommand: (argv) => (argv[0] === failing ? { exitCode: 1 } : argv[0] === 'apt-cache' ? 'rsyslog\nmine\n' : ''),
  })
  const config: JsonObject = { rsyslog: settings }
  await rsyslog.run(await acceptConfig(rsyslog, config, machine.log), await contextFor(machine, config))
  return machine
}

test('another machine is named by host, port, protocol and what is sent', () => {
  const cases = [
    { text: '10.0.0.1', line: '*.* @10.0.0.1 # n' },
    { text: '@@logs.example:514', line: '*.* @@logs.example:514 # n' },
    { text: '*.info @[::1]:99', line: '*.info @[::1]:99 # n' },
    { text: '[10.0.0.1]:1', line: '*.* @10.0.0.1:1 # n' },
    { text: 'host  # ours', line: '*.* @host # n' },
  ]
  for (const { text, line } of cases) assert.equal(remoteLine('n', text, 'k'), line)
  assert.equal(remoteLine('', 'host # ours', 'k'), '*.* @host # ours')
  for (const text of ['a b c', '', '[::1', '::1']) assert.throws(() => remoteLine('n', text, 'k'), /is not of the form/)
})

test('entries for one file follow each other, remotes come last, and rsyslog is reloaded', async () => {
  const machine = await run({
    configs: [
      'one',
      { filename: '/abs.conf', content: 'two\n' },
      { filename: 'x.conf', content: 'three' },
      { filename: 'x.conf', content: 'four' },
    ],
    remotes: { b: '10.0.0.2', a: '10.0.0.1', bad: 'no host at all', none: null },
  })
  assert.equal(
    machine.files.readText('/etc/rsyslog.d/20-cloud-config.conf'),
    'one\n# begin remotes\n*.* @10.0.0.1 # a\n*.* @10.0.0.2 # b\n# end remotes\n',
  )
  assert.equal(machine.files.readText('/abs.conf'), 'two\n')
  assert.equal(machine.files.readText('/etc/rsyslog.d/x.conf'), 'three\nfour\n')
  assert.match(complaints(machine).join(), /rsyslog.remotes.bad/)
  assert.deepEqual(commandLines(machine), ['systemctl try-reload-or-restart rsyslog'])
})

test('the reload command, the folder and the packages may be one’s own', async () => {
  const machine = await run({
    config_dir: '/own',
    config_filename: 'c',
    configs: ['x'],
    install_rsyslog: true,
    packages: ['mine'],
    service_reload_command: ['kick', 'it'],
  })
  assert.equal(machine.files.readText('/own/c'), 'x\n')
  assert.match(commandLines(machine).join('\n'), /install mine\nkick it$/)
})

test('a reload that fails is a warning, and the old form with a bare list still works', async () => {
  const machine = await run(['x'], 'systemctl')
  assert.equal(machine.files.readText('/etc/rsyslog.d/20-cloud-config.conf'), 'x\n')
  assert.match(complaints(machine).join(), /old configuration until it is restarted/)
  assert.ok(machine.records.some(({ level }) => level === 'DEPRECATED'))
})

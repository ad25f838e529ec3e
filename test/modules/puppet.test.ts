import assert from 'node:assert/strict'
import { test } from 'node:test'
import puppet from '../../modules/puppet/index.ts'
import { parseYaml } from '../../src/cloudconfig/yaml.ts'
import { httpResponse } from '../../src/machine/http-response.ts'
import type { JsonObject } from '../../src/machine/json.ts'
import type { MemoryCommand, MemoryOptions } from '../../src/machine/memory.ts'
import { commandLines, contextFor, madeUpDebian } from './made-up-debian.ts'

interface World extends MemoryOptions {
  readonly answer?: (line: string) => MemoryCommand | undefined
}

const conf = '/etc/puppet/puppet.conf'
const tools = ['puppet', '/opt/puppetlabs/bin/puppet', 'apt-get']
const places: Readonly<Record<string, string>> = {
  config: conf,
  ssldir: '/var/lib/puppet/ssl',
  csr_attributes: '/etc/puppet/csr_attributes.yaml',
}

const run = async (settings: JsonObject, { answer, ...options }: World = {}) => {
  const machine = madeUpDebian({
    which: ['apt-get', 'apt-cache', 'systemctl', 'puppet', '/opt/puppetlabs/bin/puppet'],
    commands: { 'apt-cache pkgnames': 'puppet-agent\nvim\n' },
    ...options,
    onCommand: (argv) => {
      const own = answer?.(argv.join(' '))
      if (own !== undefined) return own
      if (argv[1] === 'config') return `${places[argv[3] ?? ''] ?? ''}\n`
      return tools.includes(argv[0] ?? '') || argv[0]?.endsWith('puppet-install') ? '' : undefined
    },
  })
  const config = { puppet: settings, fqdn: 'Web1.example.com' }
  const outcome = await Promise.resolve(puppet.run({ puppet: settings }, await contextFor(machine, config))).then(
    () => 'done',
    (error: Error) => error.message,
  )
  const commands = commandLines(machine).filter((line) => !line.endsWith(' update'))
  return { machine, outcome, commands: commands.map((line) => line.replace(/^apt-get .* install/, 'apt-get install')) }
}

const service = ['systemctl enable puppet-agent.service', 'systemctl start puppet-agent.service']

test('Puppet is installed, enabled, run once and started', async () => {
  const { outcome, commands } = await run({ exec: true, exec_args: ['--noop'] })
  assert.equal(outcome, 'done')
  assert.deepEqual(commands, ['apt-get install puppet-agent', service[0], 'puppet agent --noop', service[1]])
})

test('the package has the name that the distribution gives it', async () => {
  const older = { commands: { 'apt-cache pkgnames': 'puppet\nvim\n' } }
  assert.equal((await run({ version: '7.7.0' }, older)).commands[0], 'apt-get install puppet=7.7.0')
  assert.match((await run({ package_name: 'my-puppet' }, older)).outcome, /packages not installed: my-puppet/)
})

test('a run that changed something has not failed', async () => {
  const codes = (code: number) => ({
    answer: (line: string) => (line.includes(' agent ') ? { exitCode: code } : undefined),
  })
  assert.equal((await run({ exec: true }, codes(2))).outcome, 'done')
  const failed = await run({ exec: true }, codes(4))
  assert.match(failed.outcome, /puppet agent --test: exit code 4/)
  assert.equal(failed.commands.at(-1), service[1])
})

test('settings join those of puppet.conf, which is kept as it was', async () => {
  const before = '[main]\nlogdir = /var/log/puppet\n'
  const sections = { agent: { server: 'puppet.example.com', certname: '%i.%f' }, main: { logdir: '/tmp', bad: ['x'] } }
  const { machine, outcome } = await run({ conf: sections }, { files: { [conf]: before } })
  assert.match(outcome, /^puppet.conf.main.bad: it must be a text/)
  assert.equal(
    machine.files.readText(conf),
    '[main]\nlogdir = /tmp\n\n[agent]\ncertname = i-1.web1.example.com\nserver = puppet.example.com\n',
  )
  assert.equal(machine.files.readText(`${conf}.old`), before)
})

test('the authority and the attributes of the request are where Puppet looks for them', async () => {
  const attributes = { extension_requests: { pp_preshared_key: 'S3CRET' } }
  const { machine } = await run({
    install_type: 'aio',
    install: false,
    conf: { ca_cert: 'PEM' },
    csr_attributes: attributes,
  })
  assert.equal(machine.files.readText('/var/lib/puppet/ssl/certs/ca.pem'), 'PEM')
  assert.equal(machine.files.stat('/var/lib/puppet/ssl')?.mode, 0o771)
  const file = '/etc/puppet/csr_attributes.yaml'
  assert.deepEqual(parseYaml(machine.files.readText(file), ''), attributes)
  assert.equal(machine.files.stat(file)?.mode, 0o600)
})

test('the installation script is fetched, run and removed', async () => {
  const { machine, commands } = await run(
    { install_type: 'aio', aio_install_url: 'http://192.0.2.1/install.sh', version: '7', collection: 'puppet7' },
    { http: ({ url }) => httpResponse({ url, body: '#!/bin/sh\n' }) },
  )
  const file = '/var/lib/cloud/instances/i-1/puppet-install'
  assert.equal(commands[0], `${file} -v 7 -c puppet7 --cleanup`)
  assert.ok(!machine.files.exists(file))
})

test('where Puppet can not be asked, its files are at their usual places', async () => {
  const { machine } = await run({ conf: { agent: { server: 'p' } } }, { which: ['apt-get', 'apt-cache', 'systemctl'] })
  assert.equal(machine.files.readText('/etc/puppet/puppet.conf'), '[agent]\nserver = p\n')
})

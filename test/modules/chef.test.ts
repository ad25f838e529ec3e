import assert from 'node:assert/strict'
import { test } from 'node:test'
import chef from '../../modules/chef/index.ts'
import { httpResponse } from '../../src/machine/http-response.ts'
import type { JsonObject } from '../../src/machine/json.ts'
import type { MemoryOptions } from '../../src/machine/memory.ts'
import { commandLines, contextFor, madeUpDebian } from './made-up-debian.ts'

const client = '/usr/bin/chef-client'
const needed = { server_url: 'https://chef.example.com', validation_name: 'example-validator' }

const run = async (settings: JsonObject, options: MemoryOptions = {}) => {
  const machine = madeUpDebian({
    which: ['apt-get', 'apt-cache', 'gem'],
    commands: { 'apt-cache pkgnames': 'chef\nruby\nruby-dev\n' },
    ...options,
    onCommand: ([name = '']) =>
      ['apt-get', 'gem', client].includes(name) || name.endsWith('chef-omnibus-install') ? '' : undefined,
  })
  const config = { chef: settings }
  const outcome = await Promise.resolve(chef.run(config, await contextFor(machine, config))).then(
    () => 'done',
    (error: Error) => error.message,
  )
  const commands = commandLines(machine).filter((line) => !line.endsWith(' update'))
  return { machine, outcome, commands: commands.map((line) => line.replace(/^apt-get .* install/, 'apt-get install')) }
}

/** Settings of client.rb as `name value`, without the comment. */
const settingsIn = (text: string): string[] =>
  text
    .trim()
    .split('\n')
    .filter((line) => !line.startsWith('#'))
    .map((line) => line.replace(/ +/, ' '))

test('client.rb has what Chef needs, and its usual paths', async () => {
  const { machine, outcome, commands } = await run({ ...needed, chef_license: 'accept', log_level: ':debug' })
  assert.equal(outcome, 'done')
  assert.deepEqual(settingsIn(machine.files.readText('/etc/chef/client.rb')), [
    'chef_license "accept"',
    'log_level :debug',
    'ssl_verify_mode :verify_none',
    'log_location "/var/log/chef/client.log"',
    'validation_client_name "example-validator"',
    'client_key "/etc/chef/client.pem"',
    'chef_server_url "https://chef.example.com"',
    'environment "_default"',
    'node_name "i-1"',
    'json_attribs "/etc/chef/firstboot.json"',
    'file_cache_path "/var/chef/cache"',
    'file_backup_path "/var/chef/backup"',
    'pid_file "/var/run/chef/client.pid"',
    'Chef::Log::Formatter.show_time = true',
  ])
  assert.deepEqual(commands, ['apt-get install chef'])
})

test('a value stays a text, whatever is in it', async () => {
  const { machine } = await run({ ...needed, node_name: 'a"; system("x"); "#{1}\\' })
  assert.ok(machine.files.readText('/etc/chef/client.rb').includes('"a\\"; system(\\"x\\"); \\"\\#{1}\\\\"'))
  assert.match((await run({ ...needed, log_level: 'system("x")' })).outcome, /^chef.log_level: .* is no name/)
})

test('only root can read the key that new clients register with', async () => {
  const { machine } = await run({ ...needed, validation_cert: 'KEY', validation_key: '/etc/chef/my.pem' })
  assert.equal(machine.files.readText('/etc/chef/my.pem'), 'KEY')
  assert.equal(machine.files.stat('/etc/chef/my.pem')?.mode, 0o600)
  assert.match(machine.files.readText('/etc/chef/client.rb'), /^validation_key +"\/etc\/chef\/my.pem"$/m)
})

test('the first attributes are run_list and what is given', async () => {
  const { machine } = await run({
    ...needed,
    run_list: ['role[db]'],
    initial_attributes: { apache: { keepalive: false } },
  })
  assert.deepEqual(JSON.parse(machine.files.readText('/etc/chef/firstboot.json')), {
    run_list: ['role[db]'],
    apache: { keepalive: false },
  })
})

test('without a server the client is not configured, and not run', async () => {
  const { outcome, commands } = await run({ validation_name: 'x', exec: true })
  assert.match(outcome, /^chef.server_url: it is missing/)
  assert.deepEqual(commands, ['apt-get install chef'])
})

test('the client is installed once, and run when asked to', async () => {
  const there = { files: { [client]: { content: '', mode: 0o755 } } }
  const cases: [JsonObject, MemoryOptions, string[]][] = [
    [{}, there, []],
    [{ force_install: true }, there, ['apt-get install chef']],
    [{ exec: true }, there, [`${client} -d -i 1800 -s 20`]],
    [{ exec: true, exec_arguments: ['--once'] }, there, [`${client} --once`]],
    [{ exec: true }, {}, ['apt-get install chef', `${client} -d -i 1800 -s 20`]],
    [
      { install_type: 'gems' },
      {},
      [
        'apt-get install ruby ruby-dev',
        'gem install chef --no-document --bindir /usr/bin --quiet',
        `${client} -d -i 1800 -s 20`,
      ],
    ],
    [
      { install_type: 'omnibus', omnibus_url: 'http://192.0.2.1/i.sh', omnibus_version: '12.3' },
      { http: ({ url }) => httpResponse({ url, body: '#!/bin/sh\n' }) },
      ['/var/lib/cloud/instances/i-1/chef-omnibus-install -v 12.3'],
    ],
  ]
  for (const [settings, options, expected] of cases) {
    assert.deepEqual((await run({ ...needed, ...settings }, options)).commands, expected, JSON.stringify(settings))
  }
})

test('the cache of an older Chef moves to where it is now', async () => {
  const files = { '/var/cache/chef/a': 'old', '/var/cache/chef/b': 'old', '/var/chef/cache/b': 'new' }
  const { machine } = await run(needed, { files })
  assert.equal(machine.files.readText('/var/chef/cache/a'), 'old')
  assert.equal(machine.files.readText('/var/chef/cache/b'), 'new')
})

test('an image may bring its own template of client.rb', async () => {
  const template = '## template:jinja\nchef_server_url "{{server_url}}"\n{% if validation_cert %}secure{% endif %}\n'
  const { machine } = await run(needed, { files: { '/etc/cloud/templates/chef_client.rb.tmpl': template } })
  assert.equal(machine.files.readText('/etc/chef/client.rb').trim(), 'chef_server_url "https://chef.example.com"')
})

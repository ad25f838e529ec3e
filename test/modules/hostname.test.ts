import assert from 'node:assert/strict'
import { test } from 'node:test'
import setHostname from '../../modules/set_hostname.ts'
import updateEtcHosts from '../../modules/update_etc_hosts.ts'
import updateHostname from '../../modules/update_hostname.ts'
import type { ConfigModule } from '../../src/cloudconfig/module.ts'
import type { JsonObject } from '../../src/machine/json.ts'
import type { MemoryFile, MemoryMachine } from '../../src/machine/memory.ts'
import { commandLines, complaints, contextFor, madeUpDebian } from './made-up-debian.ts'

const machineWith = (files: Readonly<Record<string, MemoryFile>> = {}): MemoryMachine =>
  madeUpDebian({ files: { '/etc/hostname': 'base\n', ...files }, which: ['hostname'], onCommand: () => '' })

const run = async (module: ConfigModule, machine: MemoryMachine, config: JsonObject, names = 'meta.example.test') => {
  const context = await contextFor(machine, config)
  const hostname = names.split('.')[0] ?? ''
  const instance = names === '' ? context.instance : { ...context.instance, hostname, fqdn: names }
  await module.run(config, { ...context, instance })
}

test('the name comes from fqdn, hostname, metadata, in this order', async () => {
  const cases: [JsonObject, string][] = [
    [{}, 'meta'],
    [{ hostname: 'h1' }, 'h1'],
    [{ hostname: 'h1.example.test' }, 'h1'],
    [{ fqdn: 'a.b.example.test' }, 'a'],
    [{ fqdn: 'a.b.example.test', hostname: 'h1' }, 'h1'],
    [{ fqdn: 'a.b.example.test', hostname: 'h1', prefer_fqdn_over_hostname: true }, 'a.b.example.test'],
    [{ hostname: 'h1', prefer_fqdn_over_hostname: true }, 'meta.example.test'],
  ]
  for (const [config, expected] of cases) {
    const machine = machineWith()
    await run(setHostname, machine, config)
    assert.equal(machine.files.readText('/etc/hostname'), `${expected}\n`, JSON.stringify(config))
    assert.deepEqual(commandLines(machine), [`hostname ${expected}`])
  }
})

test('preserve_hostname leaves the name alone', async () => {
  const machine = machineWith()
  await run(setHostname, machine, { hostname: 'h1', preserve_hostname: true })
  assert.equal(machine.files.readText('/etc/hostname'), 'base\n')
  assert.deepEqual(commandLines(machine), [])
})

test('a name that was set already is not set again', async () => {
  const machine = machineWith()
  await run(setHostname, machine, { hostname: 'h1' })
  await run(setHostname, machine, { hostname: 'h1' })
  await run(updateHostname, machine, { hostname: 'h1' })
  assert.deepEqual(commandLines(machine), ['hostname h1'])
})

test('a memory that was cut off while it was written counts as none', async () => {
  const machine = machineWith({ '/var/lib/cloud/data/set-hostname': '{"hostname":' })
  await run(setHostname, machine, { hostname: 'h1' })
  assert.deepEqual(commandLines(machine), ['hostname h1'])
})

test('create_hostname_file: false makes no file, but keeps one that is there up to date', async () => {
  for (const [files, expected] of [
    [{}, 'h1\n'],
    [{ '/etc/hostname': { link: '/nowhere' } }, undefined],
  ] as const) {
    const machine = machineWith(files)
    await run(setHostname, machine, { hostname: 'h1', create_hostname_file: false })
    assert.equal(machine.files.readTextIfExists('/etc/hostname'), expected)
    assert.deepEqual(commandLines(machine), ['hostname h1'])
  }
})

test('what can not be a host name fails, and is not passed to a command', async () => {
  for (const hostname of ['-F/etc/shadow', 'two words', 'a/b', 'x'.repeat(65)]) {
    const machine = machineWith()
    await assert.rejects(run(setHostname, machine, { hostname }), /can't be a host name/)
    assert.deepEqual(commandLines(machine), [])
  }
})

test('a container that may not change its name now keeps it for later', async () => {
  const machine = madeUpDebian({ which: ['hostname'], onCommand: () => ({ exitCode: 1, stderr: 'must be root' }) })
  await run(setHostname, machine, { hostname: 'h1' })
  assert.equal(machine.files.readText('/etc/hostname'), 'h1\n')
  assert.match(complaints(machine).join(), /h1 is kept, but is not in force yet/)
})

test('a machine that nobody named is left as localhost', async () => {
  const machine = machineWith({ '/proc/sys/kernel/hostname': 'localhost\n' })
  await run(setHostname, machine, {}, '')
  assert.deepEqual(commandLines(machine), [])
})

test('a root that can not be written to still gets its name, until it is switched off', async () => {
  const machine = madeUpDebian({
    which: ['hostname'],
    onCommand: () => '',
    fault: (action, path) => (action === 'write' && path === '/etc/hostname' ? 'EROFS' : undefined),
  })
  await assert.rejects(run(setHostname, machine, { hostname: 'h1' }), /\/etc\/hostname/)
  assert.deepEqual(commandLines(machine), ['hostname h1'])
})

test('comments in /etc/hostname stay', async () => {
  const machine = machineWith({ '/etc/hostname': '# ours\nbase\n' })
  await run(setHostname, machine, { hostname: 'h1' })
  assert.equal(machine.files.readText('/etc/hostname'), '# ours\nh1\n')
})

test('update_hostname follows new metadata', async () => {
  const machine = machineWith({ '/var/lib/cloud/data/previous-hostname': 'base\n' })
  await run(updateHostname, machine, {})
  assert.equal(machine.files.readText('/etc/hostname'), 'meta\n')
  assert.equal(machine.files.readText('/var/lib/cloud/data/previous-hostname'), 'meta\n')
  assert.deepEqual(commandLines(machine), ['hostname meta'])
})

test('update_hostname leaves a name that somebody else has given', async () => {
  const machine = machineWith({ '/var/lib/cloud/data/previous-hostname': 'before\n' })
  await run(updateHostname, machine, {})
  assert.equal(machine.files.readText('/etc/hostname'), 'base\n')
  assert.equal(machine.files.readText('/var/lib/cloud/data/previous-hostname'), 'before\n')
})

const hosts = '127.0.0.1\tlocalhost\n127.0.1.1 old.example.test old # ours\n::1 localhost\n'

test('/etc/hosts is written by the template of the image, or by the built-in one', async () => {
  const template = '## template: jinja\n127.0.1.1 {{fqdn}} {{ hostname }}\n'
  const own = machineWith({ '/etc/cloud/templates/hosts.debian.tmpl': template, '/etc/hosts': hosts })
  await run(updateEtcHosts, own, { manage_etc_hosts: true, hostname: 'h1' })
  assert.equal(own.files.readText('/etc/hosts'), '127.0.1.1 meta.example.test h1\n')

  const bare = machineWith()
  await run(updateEtcHosts, bare, { manage_etc_hosts: 'template', fqdn: 'h1.example.test' })
  assert.match(bare.files.readText('/etc/hosts'), /^127\.0\.1\.1 h1\.example\.test h1\n127\.0\.0\.1 localhost$/m)
})

test('a template in the old form has dollar signs', async () => {
  const machine = machineWith({
    '/etc/cloud/templates/hosts.debian.tmpl': ['127.0.1.1 $fqdn $', '{hostname} $other\n'].join(''),
  })
  await run(updateEtcHosts, machine, { manage_etc_hosts: true, fqdn: 'h1.example.test' })
  assert.equal(machine.files.readText('/etc/hosts'), '127.0.1.1 h1.example.test h1 $other\n')
})

test('a broken template names its file and leaves /etc/hosts alone', async () => {
  const file = '/etc/cloud/templates/hosts.debian.tmpl'
  const machine = machineWith({ [file]: '## template: jinja\n{% if %}\n', '/etc/hosts': hosts })
  await assert.rejects(run(updateEtcHosts, machine, { manage_etc_hosts: true }), /hosts\.debian\.tmpl: it is no usable/)
  assert.equal(machine.files.readText('/etc/hosts'), hosts)
})

test('localhost keeps the line with the own name right, and nothing else', async () => {
  const machine = machineWith({ '/etc/hosts': hosts })
  const config = { manage_etc_hosts: 'localhost', fqdn: 'h1.example.test' }
  await run(updateEtcHosts, machine, config)
  const expected = '127.0.0.1\tlocalhost\n::1 localhost\n127.0.1.1 old.example.test old\n127.0.1.1 h1.example.test h1\n'
  assert.equal(machine.files.readText('/etc/hosts'), expected)
  await run(updateEtcHosts, machine, config)
  assert.equal(machine.files.readText('/etc/hosts'), expected)
})

test('a name from metadata never becomes a second line of /etc/hosts', async () => {
  for (const manage of [true, 'localhost']) {
    const machine = machineWith({ '/etc/hosts': hosts })
    const config = { manage_etc_hosts: manage, hostname: 'h1' }
    await assert.rejects(run(updateEtcHosts, machine, config, 'meta.a\n192.0.2.1 bank.example'), /is no name for/)
    assert.equal(machine.files.readText('/etc/hosts'), hosts)
  }
})

test('false leaves /etc/hosts alone', async () => {
  const machine = machineWith({ '/etc/hosts': hosts })
  await run(updateEtcHosts, machine, { manage_etc_hosts: false })
  assert.equal(machine.files.readText('/etc/hosts'), hosts)
})

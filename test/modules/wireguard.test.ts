import assert from 'node:assert/strict'
import { test } from 'node:test'
import wireguard from '../../modules/wireguard.ts'
import type { JsonObject } from '../../src/machine/json.ts'
import type { MemoryOptions } from '../../src/machine/memory.ts'
import { commandLines, contextFor, madeUpDebian } from './made-up-debian.ts'

const run = async (given: JsonObject, options: MemoryOptions = {}) => {
  const machine = madeUpDebian({
    which: ['wg', 'systemctl'],
    onCommand: ([name, , ...words]) => {
      if (name === 'lsmod') return 'Module Size\nwireguard 1 0\n'
      if (name === 'systemctl' && words.includes('wg-quick@bad')) return { exitCode: 1, stderr: 'no such device' }
      return name === '/bin/sh' || name === 'modprobe' || name === 'apt-get' ? '' : undefined
    },
    ...options,
  })
  const config = { wireguard: given }
  const outcome = await Promise.resolve(wireguard.run(config, await contextFor(machine, config))).then(
    () => 'done',
    (error: Error) => error.message,
  )
  return { machine, outcome, commands: commandLines(machine) }
}

const wg0 = { name: 'wg0', config_path: '/etc/wireguard/wg0.conf', content: '[Interface]\nPrivateKey = k\n' }

test('an interface is written for root alone, enabled and started, then probed', async () => {
  const { machine, outcome, commands } = await run({ interfaces: [wg0], readinessprobe: ['ping -c 1 192.0.2.1'] })
  assert.equal(outcome, 'done')
  assert.equal(machine.files.readText('/etc/wireguard/wg0.conf'), wg0.content)
  assert.equal(machine.files.stat('/etc/wireguard/wg0.conf')?.mode, 0o600)
  assert.deepEqual(commands, [
    'systemctl enable wg-quick@wg0',
    'systemctl restart wg-quick@wg0',
    '/bin/sh -c ping -c 1 192.0.2.1',
  ])
})

test('an interface that fails does not stop the others', async () => {
  const interfaces = [{ name: 'wg9' }, { ...wg0, name: '../x' }, { ...wg0, name: 'bad' }, wg0]
  const { outcome, commands } = await run({ interfaces })
  assert.match(outcome, /interfaces\[0\]: config_path, content is missing/)
  assert.match(outcome, /interfaces\[1\].name: "..\/x" is no name/)
  assert.match(outcome, /interfaces\[2\]: systemctl enable wg-quick@bad/)
  assert.deepEqual(commands.slice(-2), ['systemctl enable wg-quick@wg0', 'systemctl restart wg-quick@wg0'])
})

test('the kernel module is loaded where it is missing', async () => {
  const { commands } = await run(
    { interfaces: [wg0] },
    { onCommand: ([name]) => (name === 'modprobe' || name === 'lsmod' ? '' : undefined) },
  )
  assert.equal(commands[0], 'modprobe wireguard')
})

test('kernels before 5.6 need the module as a package', async () => {
  for (const [release, packages] of [
    ['5.4.0-100-generic', 'wireguard-tools wireguard'],
    ['5.15.0', 'wireguard-tools'],
    ['6.1.0', 'wireguard-tools'],
  ] as const) {
    const { commands } = await run(
      { interfaces: [] },
      {
        which: ['apt-get', 'apt-cache', 'systemctl'],
        files: { '/proc/sys/kernel/osrelease': `${release}\n` },
        commands: { 'apt-cache pkgnames': 'wireguard\nwireguard-tools\n' },
      },
    )
    assert.ok(
      commands.some((line) => line.endsWith(`install ${packages}`)),
      release,
    )
  }
})

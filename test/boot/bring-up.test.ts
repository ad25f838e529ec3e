import assert from 'node:assert/strict'
import { test } from 'node:test'
import { httpResponse } from '../../src/machine/http-response.ts'
import type { MemoryMachine } from '../../src/machine/memory.ts'
import { tools } from '../modules/made-up-debian.ts'
import { bootable, bootStages } from './made-up-boot.ts'

const documents: Readonly<Record<string, string>> = {
  'meta-data': 'instance-id: iid-1\n',
  'user-data': '#cloud-config\n{}\n',
  'network-config': 'version: 2\nethernets: {eth0: {addresses: [192.0.2.5/24]}}\n',
}

/** A seed on a web server: who this machine is turns out when the network is up, with DHCP. */
const bootFromWeb = async (more: string): Promise<MemoryMachine> => {
  const machine = bootable({
    which: [...Object.keys(tools), 'networkctl', 'systemctl'],
    files: {
      '/sys/class/net/eth0/address': '02:00:00:00:00:10\n',
      '/sys/class/net/eth0/operstate': 'up\n',
      '/etc/cloud/cloud.cfg.d/60-web.cfg': `datasource: {NoCloud: {seedfrom: "http://192.0.2.1/seed/"}}\n${more}`,
    },
    http: ({ url }) => {
      const body = documents[url.split('/').at(-1) ?? '']
      return httpResponse({ url, status: body === undefined ? 404 : 200, body: body ?? '' })
    },
    onCommand: ([name]) => (name === 'networkctl' || name === 'systemctl' ? '' : undefined),
  })
  await bootStages(machine)
  return machine
}

const restarts = (machine: MemoryMachine): number =>
  machine.commands.filter(({ argv }) => argv.join(' ') === 'systemctl restart systemd-networkd').length
const file = '/etc/systemd/network/10-cloud-init-eth0.network'

test('what the cloud says about the network in the network stage is brought up at once', async () => {
  const machine = await bootFromWeb('')
  assert.match(machine.files.readText(file), /192\.0\.2\.5/)
  assert.equal(restarts(machine), 1)
})

test('disable_network_activation leaves it to others to bring it up', async () => {
  const machine = await bootFromWeb('disable_network_activation: true\n')
  assert.match(machine.files.readText(file), /192\.0\.2\.5/)
  assert.equal(restarts(machine), 0)
})

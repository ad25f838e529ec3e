import assert from 'node:assert/strict'
import { join } from 'node:path'
import type { SimulatedLink } from '../../../src/simulator/cloud.ts'
import { ec2WithLinks } from '../../../src/simulator/ec2.ts'
import { eventually } from './commands.ts'
import { assertBecomes, assertReaches, type Scenario, type Site } from './scenario.ts'
import { addressesOf, namesOf, routesOf, rulesOf } from './seen.ts'
import { macOf } from './words.ts'

const router = '172.31.16.1'
const router6 = '2a05:d014:1:2::ffff'
const linkOf = (number: number): SimulatedLink => ({
  name: `vec${number}`,
  driver: 'uml-vector',
  mac: macOf(number),
  address: `172.31.16.${number + 1}0/20`,
  router,
})
const links = [0, 1, 2].map(linkOf)

/** Firmware that says it is EC2: this kernel has no DMI of its own, and firstlight then asks dmidecode. */
const firmware = (): string => {
  const definition = ec2WithLinks(links)
  const { dmi } = definition.create({ ...definition.defaults, sshKeys: [] })
  const words = { 'system-manufacturer': dmi['sys_vendor'], 'system-uuid': dmi['product_uuid'] }
  const cases = Object.entries(words).map(([word, value]) => `  *${word}) echo '${value}' ;;`)
  return `#!/bin/sh\ncase $* in\n${cases.join('\n')}\nesac\n`
}

/** Somebody in the world. */
const stranger = '198.51.100.7'
const pings = 20

/** Asks an address from afar; all answers must come in by the port of that interface. */
const assertReturnsBy = async (site: Site, number: number, address: string): Promise<void> => {
  const counts = () => Promise.all(links.map((_, index) => site.cloud.received(index)))
  await assertReaches(site, address, '-I', stranger)
  const before = await counts()
  const words = ['-n', '-c', String(pings), '-i', '0.02', '-W2', '-I', stranger]
  const { exitCode, stdout } = await site.cloud.attempt('ping', ...words, address)
  assert.equal(exitCode, 0, stdout)
  const came = (await counts()).map((count, index) => count - (before[index] ?? 0))
  const by = came.findIndex((count) => count >= pings)
  assert.equal(by, number, `${address} answers by interface ${by} of ${came.join(', ')} packets`)
}

export const ec2: readonly Scenario[] = [
  {
    name: 'EC2 with three NICs: metadata by a lease of its own, answers leave by the NIC that was asked',
    on: 'kernel',
    notFor: {
      eni: 'interfaces(5) has no routing by source address',
      'network-manager': 'only netplan and networkd get routing by source address',
    },
    cables: links.map(({ name, mac }) => ({
      name,
      mac,
      switch: 'vpc',
      addresses: [`${router}/20`, `${router6}/64`, '169.254.169.254/32'],
    })),
    dnsmasq: [
      'enable-ra',
      'dhcp-range=172.31.16.0,static,255.255.240.0,1h',
      'dhcp-range=2a05:d014:1:2::,static,64,1h',
      `dhcp-option=3,${router}`,
      ...links.map(
        ({ mac, address }, index) => `dhcp-host=${mac},${address.split('/')[0]},[2a05:d014:1:2::${index + 1}]`,
      ),
    ],
    files: {
      '/etc/cloud/cloud.cfg.d/91-ec2.cfg': 'datasource_list: [Ec2, None]\n',
      '/usr/sbin/dmidecode': firmware(),
    },
    startServices: async (cloud) => {
      await cloud.attempt('ip', 'addr', 'add', `${stranger}/32`, 'dev', 'lo')
      const program = join(import.meta.dirname, 'metadata-server.ts')
      cloud.start(process.execPath, '--import', 'tsx', program, JSON.stringify(links))
      await eventually(async () => {
        const { stdout } = await cloud.attempt('ss', '-Hlnt')
        assert.match(stdout, /:80\s/)
      }, 30)
    },
    check: async (site) => {
      const machine = site.machine()
      assert.match(site.log(), /Ec2/)
      assert.deepEqual(
        await namesOf(
          machine,
          links.map(({ mac }) => mac),
        ),
        links.map(({ name }) => name),
      )
      for (const [number, { name, address }] of links.entries()) {
        const own = number === 0 ? ['172.31.16.100/20', address] : [address]
        const see = async () => (await addressesOf(machine, name)).filter((each) => !each.includes(':')).sort()
        await assertBecomes(see, [...own].sort())
        if (number === 0) continue
        const table = String(100 + number)
        const routes = await routesOf(machine, 4, table)
        assert.deepEqual(routes.map(({ dst, gateway, dev }) => [dst, gateway, dev]).sort(), [
          ['172.31.16.0/20', undefined, name],
          ['default', router, name],
        ])
        const rules = await rulesOf(machine, 4)
        assert.ok(
          rules.some((rule) => rule.src === address.split('/')[0] && rule.table === table),
          'no rule',
        )
      }
      await assertReturnsBy(site, 0, '172.31.16.10')
      await assertReturnsBy(site, 0, '172.31.16.100')
      await assertReturnsBy(site, 1, '172.31.16.20')
      await assertReturnsBy(site, 2, '172.31.16.30')
    },
  },
]

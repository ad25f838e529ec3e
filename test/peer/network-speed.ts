/**
 * What a large network configuration costs: 1,000 VLANs with 10,000 routes, from the text of the document to the files of
 * each renderer. CPU seconds, and how they grow when the input doubles (2 is linear). Part of `npm run bench`.
 */
import Table from 'cli-table3'
import { parseYaml } from '../../src/cloudconfig/yaml.ts'
import { checkNetwork } from '../../src/network/check.ts'
import { convertNetwork } from '../../src/network/convert.ts'
import { documentOf, parseNetwork } from '../../src/network/parse/index.ts'
import { median } from './container.ts'

const vlans = 1000
const routesEach = 10

const times = (count: number, make: (index: number) => string): string =>
  Array.from({ length: count }, (_, at) => make(at)).join('')

/** Ten links that VLANs lie on: one has 4094 at most. */
const link = (at: number): string => `eth${at % 10}`
const network = (at: number): string => `10.${at >> 8}.${at & 255}`

const documents: Record<string, (size: number) => string> = {
  'version 1': (size) =>
    `version: 1\nconfig:\n${times(10, (at) => `- {type: physical, name: eth${at}, subnets: [{type: dhcp4}]}\n`)}${times(
      vlans * size,
      (at) =>
        `- type: vlan\n  name: v${at}\n  vlan_id: ${Math.floor(at / 10) + 1}\n  vlan_link: ${link(at)}\n  subnets:\n  - type: static\n    address: ${network(at)}.2/24\n    routes:\n${times(routesEach, (route) => `    - {network: 172.${16 + route}.${at & 255}.0/24, gateway: ${network(at)}.1}\n`)}`,
    )}`,
  'version 2': (size) =>
    `version: 2\nethernets:\n${times(10, (at) => `  eth${at}: {dhcp4: true}\n`)}vlans:\n${times(
      vlans * size,
      (at) =>
        `  v${at}:\n    id: ${Math.floor(at / 10) + 1}\n    link: ${link(at)}\n    addresses: [${network(at)}.2/24]\n    routes:\n${times(routesEach, (route) => `    - {to: 172.${16 + route}.${at & 255}.0/24, via: ${network(at)}.1}\n`)}`,
    )}`,
}

/** All on one interface, with addresses instead of VLANs. */
documents['on one link'] = (size) =>
  `version: 2\nethernets:\n  eth0:\n    addresses:\n${times(vlans * size, (at) => `    - ${network(at)}.2/24\n`)}    routes:\n${times(vlans * routesEach * size, (at) => `    - {to: 172.${16 + (at >> 16)}.${(at >> 8) & 255}.${at & 255}/32, via: ${network(at % vlans)}.1}\n`)}`

const targets: readonly (readonly [renderer: string, distro: string])[] = [
  ['netplan', 'ubuntu'],
  ['networkd', 'debian'],
  ['eni', 'debian'],
  ['network-manager', 'rhel'],
  ['sysconfig', 'rhel'],
  ['sysconfig', 'opensuse'],
]

const cpuSeconds = (work: () => void): number => {
  const before = process.cpuUsage()
  work()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1e6
}

const rounds = Number(process.env['BENCH_ROUNDS'] ?? 5)

const measure = (text: string, renderer: string, distro: string): number => {
  const options = { kind: 'yaml', distro, renderer, hasIp: true, macs: [], nics: [], warn: () => {} } as const
  return median(Array.from({ length: rounds }, () => cpuSeconds(() => void convertNetwork(text, options))))
}

/** What is checked before anything is written on a machine. */
const measureCheck = (text: string): number => {
  const config = documentOf(parseYaml(text, 'network'))
  return median(
    Array.from({ length: rounds }, () =>
      cpuSeconds(() => checkNetwork(config, parseNetwork(config, { nics: [], warn: () => {} }), () => {})),
    ),
  )
}

const table = new Table({
  head: ['renderer', 'from', 'CPU s', 'of twice as much', 'ratio'],
  style: { head: [], border: [] },
})
for (const [renderer, distro] of targets) {
  for (const [name, make] of Object.entries(documents)) {
    const once = measure(make(1), renderer, distro)
    const twice = measure(make(2), renderer, distro)
    table.push([`${renderer} (${distro})`, name, once.toFixed(3), twice.toFixed(3), (twice / once).toFixed(2)])
  }
}
for (const [name, make] of Object.entries(documents)) {
  const [once, twice] = [measureCheck(make(1)), measureCheck(make(2))]
  table.push(['read and checked only', name, once.toFixed(3), twice.toFixed(3), (twice / once).toFixed(2)])
}
console.log(`1,000 VLANs with 10,000 routes, from text to files. Median of ${rounds}.`)
console.log(table.toString())

import assert from 'node:assert/strict'
import type { Cable } from './cables.ts'
import { eventually } from './commands.ts'
import { assertBecomes, assertReaches, type Scenario } from './scenario.ts'
import { addressesOf, linksOf, namesOf } from './seen.ts'
import { byMac, cable, macOf, quiet } from './words.ts'

const vec = (number: number, rest: Partial<Cable> = {}): Cable => cable(number, { name: `vec${number}`, ...rest })

/** Machines with a kernel of their own: for what the kernel outside may not know, and for udev. */
export const bonding: readonly Scenario[] = [
  {
    name: 'six NICs: two swap their names, a bond of two, a VLAN on it, a bridge with the VLAN and another NIC',
    on: 'kernel',
    cables: [vec(0), vec(1), vec(2, { switch: 'sw0' }), vec(3, { addresses: [], switch: 'sw0' }), vec(4), vec(5)],
    network: {
      version: 2,
      ethernets: {
        ...byMac(0, 'vec1', { addresses: ['10.0.0.5/24'], ...quiet }),
        ...byMac(1, 'vec0', { addresses: ['10.0.1.5/24'], ...quiet }),
        ...byMac(2, 'port0', {}),
        ...byMac(3, 'port1', {}),
        ...byMac(4, 'port2', {}),
        ...byMac(5, 'lan0', { addresses: ['10.0.5.5/24'], ...quiet }),
      },
      bonds: {
        bond0: {
          interfaces: ['port0', 'port1'],
          parameters: { mode: 'active-backup', 'mii-monitor-interval': 100, primary: 'port0' },
          addresses: ['10.0.2.5/24'],
          ...quiet,
        },
      },
      vlans: { 'bond0.100': { id: 100, link: 'bond0', ...quiet } },
      bridges: {
        br0: {
          interfaces: ['bond0.100', 'port2'],
          addresses: ['10.0.4.5/24'],
          parameters: { stp: false, 'forward-delay': 0 },
          ...quiet,
        },
      },
    },
    check: async (site) => {
      const machine = site.machine()
      const names = () => namesOf(machine, [macOf(0), macOf(1), macOf(4), macOf(5)])
      await assertBecomes(names, ['vec1', 'vec0', undefined, 'lan0'])
      await assertBecomes(() => addressesOf(machine, 'bond0'), ['10.0.2.5/24'])
      await assertBecomes(() => addressesOf(machine, 'br0'), ['10.0.4.5/24'])
      const see = async () => {
        const links = await linksOf(machine)
        const of = (name: string) => links.find(({ ifname }) => ifname === name)
        return {
          members: links
            .filter(({ master }) => master === 'bond0')
            .map(({ ifname }) => ifname)
            .sort(),
          mode: of('bond0')?.linkinfo?.info_data?.['mode'],
          miimon: of('bond0')?.linkinfo?.info_data?.['miimon'],
          vlan: [of('bond0.100')?.link, of('bond0.100')?.linkinfo?.info_data?.['id'], of('bond0.100')?.master],
          port: of('port2')?.master,
          stp: of('br0')?.linkinfo?.info_data?.['stp_state'],
        }
      }
      await assertBecomes(see, {
        members: ['port0', 'port1'],
        mode: 'active-backup',
        miimon: 100,
        vlan: ['bond0', 100, 'br0'],
        port: 'br0',
        stp: 0,
      })
      for (const number of [0, 1, 2, 4, 5]) await assertReaches(site, `10.0.${number}.5`)
      // A frame by the VLAN gets to the switch.
      const mac = (await linksOf(machine)).find(({ ifname }) => ifname === 'br0')?.address
      await eventually(async () => {
        await machine.attempt('ping', '-c1', '-W1', '10.0.4.99')
        const { stdout } = await site.cloud.attempt('bridge', 'fdb', 'show', 'br', 'sw0')
        assert.ok(stdout.includes(`${mac} dev port`), `the switch has heard nothing of ${mac}: ${stdout}`)
      })
      // ifupdown's names are udev's, which does not swap two of them.
      if (site.renderer !== 'eni') return
      await site.reboot()
      await assertBecomes(() => namesOf(site.machine(), [macOf(0), macOf(1)]), ['vec1', 'vec0'])
      await assertReaches(site, '10.0.0.5')
      await assertReaches(site, '10.0.1.5')
    },
  },
]

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { memoryMachine } from '../../src/machine/memory.ts'
import { fallbackNetwork } from '../../src/network/fallback.ts'
import { candidateNics, fallbackNic, listNics, nicNamesByMac } from '../../src/network/nics.ts'
import { linkFiles } from '../datasources/made-up-cloud.ts'

const net = '/sys/class/net'

test('only links that may lead to the world are interfaces', () => {
  const machine = memoryMachine({
    files: {
      ...linkFiles('ens3', '02:00:00:00:00:03', 2),
      ...linkFiles('lo', '00:00:00:00:00:00', 1),
      ...linkFiles('br0', '02:00:00:00:00:04', 3),
      [`${net}/br0/bridge/`]: '',
      ...linkFiles('bond0', '02:00:00:00:00:05', 4),
      [`${net}/bond0/bonding/`]: '',
      ...linkFiles('ens4', '02:00:00:00:00:05', 5),
      [`${net}/ens4/master`]: { link: '../bond0' },
      ...linkFiles('ens3.5', '02:00:00:00:00:03', 6),
      [`${net}/ens3.5/uevent`]: 'DEVTYPE=vlan\nINTERFACE=ens3.5\n',
      ...linkFiles('tap0', '02:00:00:00:00:06', 7),
      [`${net}/tap0/tun_flags`]: '0x1002\n',
      ...linkFiles('veth12', '02:00:00:00:00:07', 8),
      ...linkFiles('macvlan0', '02:00:00:00:00:08', 9),
      [`${net}/macvlan0/addr_assign_type`]: '2\n',
    },
  })
  assert.deepEqual(
    listNics(machine).map(({ name }) => name),
    ['ens3'],
  )
  assert.deepEqual(listNics(machine)[0], {
    name: 'ens3',
    mac: '02:00:00:00:00:03',
    driver: 'virtio_net',
    index: 2,
    operState: 'up',
    isUp: true,
    hasPermanentMac: true,
    hasCarrier: true,
    isPhysical: true,
  })
})

test('candidates are tried with a carrier first, in natural order, and the preferred name before all', () => {
  const machine = memoryMachine({
    files: {
      ...linkFiles('ens10', '02:00:00:00:00:10', 2),
      ...linkFiles('ens9', '02:00:00:00:00:09', 3),
      ...linkFiles('ens3', '02:00:00:00:00:03', 4),
      [`${net}/ens3/carrier`]: '0\n',
    },
  })
  const names = (first?: string) => candidateNics(machine, first).map(({ name }) => name)
  assert.deepEqual(names(), ['ens9', 'ens10', 'ens3'])
  assert.deepEqual(names('ens3'), ['ens3', 'ens9', 'ens10'])
  assert.equal(fallbackNic(machine)?.name, 'ens9')
  assert.equal(nicNamesByMac(machine).get('02:00:00:00:00:10'), 'ens10')
})

test('a container link without a device is an interface, too', () => {
  const machine = memoryMachine({ files: { [`${net}/eth0/address`]: '00:16:3E:00:00:01\n' } })
  const [nic] = listNics(machine)
  assert.deepEqual([nic?.name, nic?.mac, nic?.driver, nic?.isPhysical], ['eth0', '00:16:3e:00:00:01', undefined, false])
})

test('an interface without cable that is switched on is up all the same: it has to be taken down to be renamed', () => {
  const machine = memoryMachine({
    files: {
      ...linkFiles('ens3', '02:00:00:00:00:03', 2),
      [`${net}/ens3/operstate`]: 'down\n',
      [`${net}/ens3/flags`]: '0x1003\n',
      ...linkFiles('ens4', '02:00:00:00:00:04', 3),
      [`${net}/ens4/flags`]: '0x1002\n',
    },
  })
  assert.deepEqual(
    listNics(machine).map(({ name, isUp }) => [name, isUp]),
    [
      ['ens3', true],
      ['ens4', false],
    ],
  )
})

test('the usual DHCP finds an interface by its permanent MAC address, and one that has none by its name', () => {
  const matchOf = (assigned: string) => {
    const files = { ...linkFiles('eth0', '02:00:00:00:00:01', 2), [`${net}/eth0/addr_assign_type`]: `${assigned}\n` }
    return fallbackNetwork(memoryMachine({ files }))
  }
  const expected = (match: object) => ({
    version: 2,
    ethernets: { eth0: { dhcp4: true, dhcp6: true, 'set-name': 'eth0', match } },
  })
  assert.deepEqual(matchOf('0'), expected({ macaddress: '02:00:00:00:00:01' }))
  assert.deepEqual(matchOf('3'), expected({ name: 'eth0' }))
})

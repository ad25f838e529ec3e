import assert from 'node:assert/strict'
import { test } from 'node:test'
import { networkFromAzure } from '../../src/network/from-azure.ts'

const nic = { macAddress: '000D3A047598', ipv4: { ipAddress: [{ privateIpAddress: '10.0.0.4' }] } }

test('an interface that cannot be read is left out, and said', () => {
  const said: string[] = []
  const config = networkFromAzure(
    { interface: ['nonsense', { macAddress: 'x' }, nic] },
    { nics: [], warn: (message) => said.push(message) },
  )
  assert.deepEqual(Object.keys((config?.['ethernets'] as object) ?? {}), ['eth2'])
  assert.match(said[0] ?? '', /^network\.interface\[0\] has no usable macAddress/)
})

test('metadata that says nothing usable leaves the network to the fallback', () => {
  assert.equal(networkFromAzure({}, { nics: [] }), undefined)
  assert.equal(networkFromAzure({ interface: 'none' }, { nics: [] }), undefined)
  assert.equal(networkFromAzure({ interface: [{}] }, { nics: [] }), undefined)
})

test('a driver is matched when one interface has the address', () => {
  const nics = [{ name: 'eth0', mac: '00:0D:3A:04:75:98', driver: 'hv_netvsc' }]
  assert.deepEqual(networkFromAzure({ interface: [nic] }, { nics }), {
    version: 2,
    ethernets: {
      eth0: {
        dhcp4: true,
        'dhcp4-overrides': { 'route-metric': 100 },
        dhcp6: false,
        match: { macaddress: '00:0d:3a:04:75:98', driver: 'hv_netvsc' },
        'set-name': 'eth0',
      },
    },
  })
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import digitalocean from '../../datasources/digitalocean/index.ts'
import { contextFor, madeUpMachine, serving } from './made-up-cloud.ts'

const url = 'http://169.254.169.254/metadata/v1.json'
const dmi = { sys_vendor: 'DigitalOcean', product_serial: '2756294' }
const document = {
  droplet_id: 2756294,
  hostname: 'web.example.com',
  region: 'fra1',
  public_keys: ['ssh-ed25519 AAAA a@b'],
  user_data: '#cloud-config',
  interfaces: {
    public: [
      {
        mac: '04:01:2A:0F:2A:01',
        type: 'public',
        ipv4: { ip_address: '192.0.2.10', netmask: '255.255.255.0', gateway: '192.0.2.1' },
        ipv6: { ip_address: '2001:db8::10', cidr: 64, gateway: '2001:db8::1' },
        anchor_ipv4: { ip_address: '10.17.0.5', netmask: '255.255.0.0', gateway: '10.17.0.1' },
      },
    ],
  },
  dns: { nameservers: ['192.0.2.53'] },
}

test('a Droplet is read with one request over a link-local address that is taken away again', async () => {
  const machine = madeUpMachine({
    dmi,
    nics: { ens4: '04:01:2a:0f:2a:02', ens3: '04:01:2a:0f:2a:01' },
    http: serving({ [url]: JSON.stringify(document) }),
  })
  const data = await digitalocean.fetch(await contextFor(machine, 'local'))
  assert.equal(data?.instanceId, '2756294')
  assert.equal(data.localHostname, 'web.example.com')
  assert.equal(data.availabilityZone, 'fra1')
  assert.equal(machine.requests.length, 1)
  assert.deepEqual(machine.linkCalls, [
    { call: 'linkLocal', link: 'ens4' },
    { call: 'release', link: 'ens4' },
  ])
})

test('the public interface has the default routes, its anchor address has none', async () => {
  const machine = madeUpMachine({
    dmi,
    nics: { ens3: '04:01:2a:0f:2a:01' },
    http: serving({ [url]: JSON.stringify(document) }),
  })
  const data = await digitalocean.fetch(await contextFor(machine, 'local'))
  assert.deepEqual(data?.networkConfig, {
    version: 1,
    config: [
      {
        type: 'physical',
        mac_address: '04:01:2a:0f:2a:01',
        name: 'eth0',
        subnets: [
          { type: 'static', control: 'auto', address: '192.0.2.10', netmask: '255.255.255.0', gateway: '192.0.2.1' },
          { type: 'static', control: 'auto', address: '2001:db8::10/64', gateway: '2001:db8::1' },
          { type: 'static', control: 'auto', address: '10.17.0.5', netmask: '255.255.0.0' },
        ],
      },
      { type: 'nameserver', address: ['192.0.2.53'] },
    ],
  })
})

test('an interface that the machine does not have costs the network configuration only', async () => {
  const machine = madeUpMachine({
    dmi,
    nics: { ens3: '02:00:00:00:00:01' },
    http: serving({ [url]: JSON.stringify(document) }),
  })
  const data = await digitalocean.fetch(await contextFor(machine, 'local'))
  assert.equal(data?.instanceId, '2756294')
  assert.equal(data.networkConfig, undefined)
  assert.match(machine.records.at(-1)?.message ?? '', /no interface with the MAC address 04:01:2a:0f:2a:01/)
})

test('a machine without the Droplet id in SMBIOS is told to its owner', async () => {
  const machine = madeUpMachine({ dmi: { sys_vendor: 'DigitalOcean' } })
  await assert.rejects(digitalocean.fetch(await contextFor(machine, 'local')), /SMBIOS has no serial number/)
  assert.equal(machine.requests.length, 0)
})

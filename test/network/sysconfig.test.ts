import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseNetwork } from '../../src/network/parse/index.ts'
import { renderSysconfig } from '../../src/network/render/sysconfig.ts'

const config = {
  version: 1,
  config: [
    {
      type: 'physical',
      name: 'eth0',
      subnets: [
        {
          type: 'ipv6_slaac',
          address: '192.0.2.5',
          netmask: '255.255.255.0',
          routes: [{ network: '0.0.0.0', netmask: '0.0.0.0', gateway: '192.0.2.1' }],
        },
      ],
    },
  ],
}

const filesOf = (distro: string): Record<string, string> => {
  const model = parseNetwork(config, { nics: [], warn: () => {} })
  const files = renderSysconfig(model, { distro, hasIp: true, warn: () => {} })
  return Object.fromEntries(
    files.map(({ path, content }) => [path.split('/').at(-1) ?? '', content.replaceAll(/^#.*\n/gm, '')]),
  )
}

test('an address beside a subnet that gets its own from routers is not written; its routes are, as routes', () => {
  const rhel = filesOf('rhel')
  assert.doesNotMatch(rhel['ifcfg-eth0'] ?? '', /IPADDR|GATEWAY|DEFROUTE/)
  assert.match(rhel['ifcfg-eth0'] ?? '', /^IPV6_AUTOCONF=yes$/m)
  assert.equal(rhel['route-eth0'], 'ADDRESS0=0.0.0.0\nGATEWAY0=192.0.2.1\nNETMASK0=0.0.0.0\n')
  assert.equal(rhel['network'], 'NETWORKING=yes\n')
  assert.doesNotMatch(filesOf('opensuse')['ifcfg-eth0'] ?? '', /IPADDR/)
})

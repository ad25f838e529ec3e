import type { RenderedFile } from '../../../src/network/render/renderer.ts'

/** Broken on purpose, one for each tool: a judge that has nothing against it is blind. */
export const controls: readonly {
  readonly variant: string
  readonly files: readonly Pick<RenderedFile, 'path' | 'content' | 'mode'>[]
}[] = [
  { variant: 'netplan', path: '/etc/netplan/50-cloud-init.yaml', content: 'network: {version: 2, ethernet: {}}\n' },
  {
    variant: 'networkd',
    path: '/etc/systemd/network/10-cloud-init-eth0.network',
    content: '[Match]\nName=eth0\n\n[Network]\nDCHP=yes\n',
  },
  {
    variant: 'eni',
    path: '/etc/network/interfaces.d/50-cloud-init',
    content: 'auto eth0\niface eth0 inet static\n    netmask 24\n',
  },
  { variant: 'eni', path: '/etc/udev/rules.d/70-persistent-net.rules', content: 'SUBSYSTEMM=="net", NAME="eth0"\n' },
  {
    variant: 'networkd',
    path: '/etc/systemd/network/10-cloud-init-eth0.link',
    content: '[Match]\nMACAddress=52:54:00:00:00:01\n\n[Link]\nNaem=eth0\n',
  },
  {
    variant: 'network-manager',
    path: '/etc/NetworkManager/system-connections/cloud-init-eth0.nmconnection',
    content:
      '[connection]\nid=eth0\ntype=ethernet\n\n[ipv4]\nmethod=auto\naddress1=192.0.2.5/24\nmetod=manual\n\n[ipv6]\nroute1=::/0,fe80::1\n',
  },
  {
    variant: 'sysconfig-rhel',
    path: '/etc/sysconfig/network-scripts/ifcfg-eth0',
    content: 'DEVICE=eth0\nDOMAIN=example.org example.net\n',
  },
].map(({ variant, path, content }) => ({ variant, files: [{ path, content, mode: 0o644 }] }))

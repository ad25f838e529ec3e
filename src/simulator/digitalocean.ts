import {
  type CloudDefinition,
  type Handler,
  type Identity,
  json,
  notFound,
  plain,
  type SimulatedLink,
} from './cloud.ts'

const links: readonly SimulatedLink[] = [
  { name: 'eth0', driver: 'virtio_net', mac: '04:01:57:d1:9e:01', address: '203.0.113.20/24', router: '203.0.113.1' },
  { name: 'eth1', driver: 'virtio_net', mac: '04:01:57:d1:9e:02', address: '10.132.6.205/16', router: '10.132.0.1' },
]

const text = (bytes: Uint8Array | undefined): string | undefined =>
  bytes === undefined ? undefined : Buffer.from(bytes).toString('utf8')

const documentFor = (identity: Identity) => ({
  droplet_id: Number(identity.instanceId),
  hostname: identity.hostname,
  user_data: text(identity.userData) ?? '',
  vendor_data: text(identity.vendorData) ?? '#cloud-config\n{}\n',
  public_keys: identity.sshKeys,
  auth_key: 'c1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1',
  region: 'fra1',
  interfaces: {
    private: [
      {
        ipv4: { ip_address: '10.132.6.205', netmask: '255.255.0.0', gateway: '10.132.0.1' },
        mac: links[1]?.mac,
        type: 'private',
      },
    ],
    public: [
      {
        ipv4: { ip_address: '203.0.113.20', netmask: '255.255.255.0', gateway: '203.0.113.1' },
        ipv6: { ip_address: '2001:DB8:0800:0000:1000:0000:0000:0001', cidr: 64, gateway: '2001:DB8:0800::1' },
        anchor_ipv4: { ip_address: '10.19.0.5', netmask: '255.255.0.0', gateway: '10.19.0.1' },
        mac: links[0]?.mac,
        type: 'public',
      },
    ],
  },
  floating_ip: { ipv4: { active: false } },
  reserved_ip: { ipv4: { active: false } },
  dns: { nameservers: ['67.207.67.2', '67.207.67.3'] },
  tags: ['web', 'production'],
  features: { dhcp_enabled: false },
})

/** DigitalOcean's metadata API, version 1 (its reference): one document, and the same by path. */
const handlerFor = (identity: Identity): Handler => {
  const document = documentFor(identity)
  return ({ method, path }) => {
    if (method !== 'GET') return { ...notFound, status: 405 }
    if (path === '/metadata/v1.json') return json(document)
    if (path === '/metadata/v1/id') return plain(String(document.droplet_id))
    if (path === '/metadata/v1/hostname') return plain(document.hostname)
    if (path === '/metadata/v1/user-data') return plain(document.user_data)
    return notFound
  }
}

export const digitalocean: CloudDefinition = {
  name: 'digitalocean',
  defaults: { instanceId: '471108154', hostname: 'web-1' },
  create: (identity) => ({
    datasource: 'DigitalOcean',
    dmi: {
      sys_vendor: 'DigitalOcean',
      product_name: 'Droplet',
      product_serial: identity.instanceId,
      product_uuid: '6a1f0c52-7d0e-4d5b-9d1b-3c9f7c0a5e11',
      chassis_asset_tag: '',
      board_serial: '',
    },
    virtualisation: 'kvm',
    cmdline: 'BOOT_IMAGE=/boot/vmlinuz root=/dev/vda1 ro console=tty1',
    links,
    serviceAddresses: ['169.254.169.254'],
    handle: handlerFor(identity),
    settings: (base) => ({ metadata_url: `${base}/metadata/v1.json` }),
  }),
}

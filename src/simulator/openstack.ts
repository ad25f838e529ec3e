import {
  type CloudDefinition,
  type Handler,
  type Identity,
  json,
  notFound,
  plain,
  type SimulatedCloud,
  type SimulatedLink,
} from './cloud.ts'
import { isFolder, listingOf, type MetadataTree, nodeAt } from './tree.ts'

const versions = [
  '2012-08-10',
  '2013-04-04',
  '2013-10-17',
  '2015-10-15',
  '2016-06-30',
  '2016-10-06',
  '2017-02-22',
  '2018-08-27',
  'latest',
]

const link: SimulatedLink = {
  name: 'ens3',
  driver: 'virtio_net',
  mac: 'fa:16:3e:69:b0:58',
  address: '10.20.0.12/24',
  router: '10.20.0.1',
}

const metadataFor = ({ instanceId, hostname, sshKeys }: Identity) => ({
  uuid: instanceId,
  name: hostname.split('.', 1)[0],
  hostname,
  availability_zone: 'nova',
  launch_index: 0,
  project_id: '7f1f0c527d0e4d5b9d1b3c9f7c0a5e11',
  meta: { role: 'web' },
  public_keys: Object.fromEntries(sshKeys.map((key, index) => [`key-${index}`, `${key}\n`])),
  keys: sshKeys.map((data, index) => ({ type: 'ssh', name: `key-${index}`, data })),
  random_seed: Buffer.from('not random at all, this is a simulation').toString('base64'),
  files: [{ path: '/etc/motd.d/cloud', content_path: '/content/0000' }],
})

const networkData = {
  links: [
    {
      id: 'tap2ecc7709-b3',
      vif_id: '2ecc7709-b3f7-4448-9580-e1ec32d75bbd',
      type: 'ovs',
      mtu: 1450,
      ethernet_mac_address: link.mac,
    },
  ],
  networks: [
    { id: 'network0', type: 'ipv4_dhcp', link: 'tap2ecc7709-b3', network_id: '6d6357ac-0f70-4afa-8bd7-c274cc4ea235' },
  ],
  services: [{ type: 'dns', address: '10.20.0.2' }],
}

const vendorData = ({ vendorData: bytes }: Identity): string =>
  JSON.stringify(bytes ? { 'cloud-init': Buffer.from(bytes).toString('utf8') } : {})

const filesFor = (identity: Identity): Record<string, string | Uint8Array> => ({
  'meta_data.json': JSON.stringify(metadataFor(identity)),
  'network_data.json': JSON.stringify(networkData),
  'vendor_data.json': vendorData(identity),
  'vendor_data2.json': '{"static": {}}',
  ...(identity.userData && { user_data: identity.userData }),
})

const injected = 'Welcome to a simulated OpenStack.\n'

const ec2Tree = ({ hostname, sshKeys }: Identity): MetadataTree => ({
  'ami-id': 'ami-00000001',
  'ami-launch-index': '0',
  'block-device-mapping': { ami: 'vda', root: '/dev/vda' },
  hostname,
  'instance-id': 'i-00000001',
  'instance-type': 'm1.small',
  'local-hostname': hostname,
  'local-ipv4': '10.20.0.12',
  placement: { 'availability-zone': 'nova' },
  'public-keys': Object.fromEntries(sshKeys.map((key, index) => [String(index), { 'openssh-key': key }])),
  'security-groups': 'default',
})

/** Nova's metadata service (Nova, "Metadata service"): the OpenStack documents by version, and EC2's tree. */
const handlerFor = (identity: Identity): Handler => {
  const files = filesFor(identity)
  const ec2 = ec2Tree(identity)
  return ({ path }) => {
    if (/^\/openstack\/?$/.test(path)) return plain(versions.join('\n'))
    if (path === '/openstack/content/0000') return plain(injected)
    const [, version, file] = /^\/openstack\/([^/]+)\/([^/]+)$/.exec(path) ?? []
    if (version !== undefined && file !== undefined && versions.includes(version) && file in files) {
      const body = files[file] ?? ''
      return file.endsWith('.json') ? { ...json(null), body } : plain(body)
    }
    const [, below] = /^\/(?:latest|2009-04-04)\/meta-data(\/.*)?$/.exec(path) ?? []
    if (below === undefined && !/\/meta-data$/.test(path)) return notFound
    const node = nodeAt(ec2, below ?? '/')
    if (node === undefined) return notFound
    return plain(isFolder(node) ? (keyListing(below ?? '/', identity) ?? listingOf(node)) : node)
  }
}

const keyListing = (path: string, { sshKeys }: Identity): string | undefined =>
  /^\/public-keys\/?$/.test(path) ? sshKeys.map((_, index) => `${index}=key-${index}`).join('\n') : undefined

const machineOf = (identity: Identity): Pick<SimulatedCloud, 'dmi' | 'virtualisation' | 'cmdline' | 'links'> => ({
  dmi: {
    sys_vendor: 'OpenStack Foundation',
    product_name: 'OpenStack Nova',
    product_serial: identity.instanceId,
    product_uuid: identity.instanceId,
    chassis_asset_tag: '',
    board_serial: '',
  },
  virtualisation: 'kvm',
  cmdline: 'BOOT_IMAGE=/boot/vmlinuz root=/dev/vda1 ro console=tty0 console=ttyS0,115200n8',
  links: [link],
})

const defaults = { instanceId: 'b0fa911b-69d4-4476-bbe2-1c92bff6535c', hostname: 'web-1.novalocal' }

/** The config drive; a service does not answer then. */
export const openstack: CloudDefinition = {
  name: 'openstack',
  defaults,
  create: (identity) => {
    const files = Object.entries(filesFor(identity))
    const ec2 = { 'instance-id': 'i-00000001', hostname: identity.hostname, 'instance-type': 'm1.small' }
    return {
      ...machineOf(identity),
      datasource: 'ConfigDrive',
      serviceAddresses: [],
      disks: [
        {
          device: '/dev/sr0',
          label: 'config-2',
          type: 'iso9660',
          files: {
            ...Object.fromEntries(
              ['2018-08-27', 'latest'].flatMap((version) =>
                files.map(([name, body]) => [`openstack/${version}/${name}`, body]),
              ),
            ),
            'openstack/content/0000': injected,
            'ec2/latest/meta-data.json': JSON.stringify(ec2),
          },
        },
      ],
    }
  },
}

export const openstackService: CloudDefinition = {
  name: 'openstack-service',
  defaults,
  create: (identity) => ({
    ...machineOf(identity),
    datasource: 'OpenStack',
    serviceAddresses: ['169.254.169.254', 'fe80::a9fe:a9fe'],
    handle: handlerFor(identity),
    settings: (base) => ({ metadata_urls: [base] }),
  }),
}

import {
  type CloudDefinition,
  type Handler,
  type Identity,
  json,
  notFound,
  plain,
  type SimulatedAnswer,
  type SimulatedLink,
} from './cloud.ts'
import { isFolder, listingOf, type MetadataTree, nodeAt } from './tree.ts'

const PROJECT = 'projects/123456789012'
const ZONE = 'europe-west3-c'
const flavor = { 'metadata-flavor': 'Google', server: 'Metadata Server for VM' }

const link: SimulatedLink = {
  name: 'ens4',
  driver: 'virtio_net',
  mac: '42:01:0a:9c:00:05',
  address: '10.156.0.5/32',
  router: '10.156.0.1',
}

const userLines = (keys: readonly string[]): string =>
  // The two names under which Google's images accept a key for their default user.
  keys.map((key, index) => `${index % 2 === 0 ? 'cloudinit' : 'debian'}:${key}`).join('\n')

const treeFor = (identity: Identity): MetadataTree => ({
  instance: {
    attributes: {
      ...(identity.userData && { 'user-data': identity.userData }),
      ...(identity.sshKeys.length > 0 && { 'ssh-keys': userLines(identity.sshKeys.slice(0, 1)) }),
    },
    'cpu-platform': 'Intel Broadwell',
    description: '',
    'guest-attributes': { hostkeys: {} },
    hostname: identity.hostname,
    id: identity.instanceId,
    image: 'projects/debian-cloud/global/images/debian-12-bookworm-v20250101',
    'machine-type': `${PROJECT}/machineTypes/e2-small`,
    'maintenance-event': 'NONE',
    name: identity.hostname.split('.', 1)[0] ?? '',
    'network-interfaces': {
      '0': {
        'access-configs': { '0': { 'external-ip': '34.89.1.2', type: 'ONE_TO_ONE_NAT' } },
        gateway: link.router,
        ip: link.address.split('/', 1)[0] ?? '',
        mac: link.mac,
        mtu: '1460',
        network: `${PROJECT}/networks/default`,
        subnetmask: '255.255.240.0',
      },
    },
    scheduling: { 'automatic-restart': 'TRUE', 'on-host-maintenance': 'MIGRATE', preemptible: 'FALSE' },
    tags: '["http-server"]',
    zone: `${PROJECT}/zones/${ZONE}`,
  },
  project: {
    attributes: {
      'ssh-keys': userLines(identity.sshKeys.slice(1)),
      'enable-oslogin': 'FALSE',
    },
    'numeric-project-id': '123456789012',
    'project-id': 'example-project',
  },
})

/** `?recursive=true`: the folder as JSON. Keys outside `attributes` are written in camel case there. */
const recursive = (node: MetadataTree, keepsNames: boolean): unknown => {
  if (!isFolder(node)) return node instanceof Uint8Array ? Buffer.from(node).toString('utf8') : node
  const camel = (name: string): string => name.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase())
  return Object.fromEntries(
    Object.entries(node).map(([name, child]) => [
      keepsNames ? name : camel(name),
      recursive(child, keepsNames || name === 'attributes'),
    ]),
  )
}

/** Google's metadata server (Compute Engine, "About VM metadata"): no answer without the header Metadata-Flavor. */
const handlerFor = (identity: Identity): Handler => {
  const tree = treeFor(identity)
  const published = new Map<string, string>()
  const answer = (path: string, wantsAll: boolean): SimulatedAnswer => {
    const node = nodeAt(tree, path)
    if (node === undefined) return notFound
    if (!isFolder(node)) return plain(node)
    return wantsAll ? json(recursive(node, path.includes('attributes'))) : plain(`${listingOf(node)}\n`)
  }
  return ({ method, path, query, headers, body }) => {
    const [, below] = /^\/computeMetadata\/v1(\/.*)?$/.exec(path) ?? []
    if (path === '/') return plain('computeMetadata/\n', flavor)
    if (headers['metadata-flavor'] !== 'Google')
      return { ...notFound, status: 403, body: 'Missing Metadata-Flavor:Google header.' }
    if (below === undefined && !path.startsWith('/computeMetadata/v1')) return notFound
    if (method === 'PUT' && below?.startsWith('/instance/guest-attributes/')) {
      published.set(below, body)
      return { status: 204, headers: flavor }
    }
    const found = answer(below ?? '/', /^true$/i.test(query.get('recursive') ?? ''))
    return { ...found, headers: { ...found.headers, ...flavor } }
  }
}

export const gce: CloudDefinition = {
  name: 'gce',
  defaults: { instanceId: '4711081547110815471', hostname: 'web-1.europe-west3-c.c.example-project.internal' },
  create: (identity) => ({
    datasource: 'GCE',
    dmi: {
      sys_vendor: 'Google',
      product_name: 'Google Compute Engine',
      product_serial: 'GoogleCloud-3A5B7C9D1E2F4A6B8C0D2E4F6A8B0C1D',
      product_uuid: '3a5b7c9d-1e2f-4a6b-8c0d-2e4f6a8b0c1d',
      chassis_asset_tag: '',
      board_serial: 'Board-GoogleCloud-3A5B7C9D1E2F4A6B8C0D2E4F6A8B0C1D',
    },
    virtualisation: 'google',
    cmdline: 'BOOT_IMAGE=/boot/vmlinuz root=PARTUUID=0f0f0f0f ro console=ttyS0,38400n8',
    links: [link],
    // The router is outside the machine's own network of one address: it has a route of its own.
    leaseOptions: {
      'domain-name-servers': '169.254.169.254',
      'domain-name': 'example-project.internal',
      'rfc3442-classless-static-routes': '32,10,156,0,1,0,0,0,0,0,10,156,0,1',
    },
    serviceAddresses: ['169.254.169.254'],
    hosts: { 'metadata.google.internal': '169.254.169.254' },
    handle: handlerFor(identity),
    settings: (base) => ({ metadata_url: `${base}/computeMetadata/v1/` }),
  }),
}

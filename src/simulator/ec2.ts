import { randomUUID } from 'node:crypto'
import {
  type CloudDefinition,
  type Handler,
  type Identity,
  notFound,
  plain,
  type SimulatedAnswer,
  type SimulatedLink,
} from './cloud.ts'
import { ec2Metadata, identityDocument, publicKeyListing } from './ec2-metadata.ts'
import { isFolder, listingOf, type MetadataTree, nodeAt } from './tree.ts'

const versions = ['1.0', '2009-04-04', '2016-09-02', '2018-09-24', '2021-03-23', '2024-04-11', 'latest']
const LONGEST_TOKEN_SECONDS = 21_600

const usualLinks: readonly SimulatedLink[] = [
  { name: 'eth0', driver: 'ena', mac: '02:1c:5e:0a:1b:01', address: '172.31.16.10/20', router: '172.31.16.1' },
  { name: 'eth1', driver: 'ena', mac: '02:1c:5e:0a:1b:02', address: '172.31.16.20/20', router: '172.31.16.1' },
]

const page = (tree: MetadataTree, path: string, identity: Identity): SimulatedAnswer => {
  const node = nodeAt(tree, path)
  if (node === undefined) return notFound
  if (!isFolder(node)) return plain(node)
  const isKeys = /^\/meta-data\/public-keys\/?$/.test(path)
  return plain(isKeys ? publicKeyListing(identity) : listingOf(node))
}

/** IMDSv2: nothing is answered without a token, and a token is only given for a PUT that says how long (AWS, "Use IMDSv2"). */
const handlerFor = (identity: Identity, links: readonly SimulatedLink[]): Handler => {
  const tokens = new Set<string>()
  const tree: MetadataTree = {
    'meta-data': ec2Metadata(identity, links),
    dynamic: { 'instance-identity': { document: identityDocument(identity, links), pkcs7: 'MIAGCSqGSIb3DQEHAqCA' } },
    ...(identity.userData && { 'user-data': identity.userData }),
  }
  const giveToken = (seconds: number): SimulatedAnswer => {
    if (!(seconds >= 1 && seconds <= LONGEST_TOKEN_SECONDS)) return { ...notFound, status: 400 }
    const token = randomUUID()
    tokens.add(token)
    return plain(token, { 'x-aws-ec2-metadata-token-ttl-seconds': String(seconds) })
  }
  return ({ method, path, headers }) => {
    if (path === '/latest/api/token') {
      if (method !== 'PUT') return { ...notFound, status: 405 }
      return giveToken(Number(headers['x-aws-ec2-metadata-token-ttl-seconds']))
    }
    if (!tokens.has(headers['x-aws-ec2-metadata-token'] ?? ''))
      return { ...notFound, status: 401, body: 'Unauthorized' }
    if (path === '/') return plain(versions.join('\n'))
    const [, version = '', below = ''] = /^\/([^/]+)(\/.*)?$/.exec(path) ?? []
    if (!versions.includes(version)) return notFound
    return page(tree, below, identity)
  }
}

/** EC2, for machines with these interfaces, which are all in the same subnet. */
export const ec2WithLinks = (links: readonly SimulatedLink[]): CloudDefinition => ({
  name: 'ec2',
  defaults: { instanceId: 'i-0f1e2d3c4b5a69788', hostname: 'ip-172-31-16-10.eu-central-1.compute.internal' },
  create: (identity) => ({
    datasource: 'Ec2',
    dmi: {
      sys_vendor: 'Amazon EC2',
      product_name: 't3.small',
      product_serial: 'ec2f1e2d-3c4b-5a69-7887-96a5b4c3d2e1',
      product_uuid: 'ec2f1e2d-3c4b-5a69-7887-96a5b4c3d2e1',
      chassis_asset_tag: 'Amazon EC2',
      board_serial: '',
    },
    virtualisation: 'amazon',
    cmdline: 'BOOT_IMAGE=/boot/vmlinuz root=/dev/nvme0n1p1 ro console=ttyS0 nvme_core.io_timeout=4294967295',
    links,
    serviceAddresses: ['169.254.169.254', 'fd00:ec2::254'],
    handle: handlerFor(identity, links),
    settings: (base) => ({ metadata_urls: [base] }),
  }),
})

export const ec2 = ec2WithLinks(usualLinks)

import type { Identity, SimulatedLink } from './cloud.ts'
import type { MetadataTree } from './tree.ts'

/**
 * EC2's categories of instance metadata (AWS, "Instance metadata categories"), for an instance with these interfaces,
 * as one of AWS's own images has them.
 */

const REGION = 'eu-central-1'
const ZONE = 'eu-central-1b'
const ACCOUNT = '123456789012'

const addressOf = (link: SimulatedLink): string => link.address.split('/', 1)[0] ?? ''

const internalName = (link: SimulatedLink): string =>
  `ip-${addressOf(link).replaceAll('.', '-')}.${REGION}.compute.internal`

const interfaceOf = (link: SimulatedLink, number: number): MetadataTree => {
  const publicAddress = `18.184.7.${number + 10}`
  return {
    'device-number': String(number),
    'interface-id': `eni-0a1b2c3d4e5f6000${number}`,
    'ipv4-associations': { [publicAddress]: addressOf(link) },
    ipv6s: `2a05:d014:1:2::${number + 1}`,
    'local-hostname': internalName(link),
    // The second is a secondary address.
    'local-ipv4s': number === 0 ? `${addressOf(link)}\n172.31.16.100` : addressOf(link),
    mac: link.mac,
    'network-card': '0',
    'owner-id': ACCOUNT,
    'public-hostname': `ec2-${publicAddress.replaceAll('.', '-')}.${REGION}.compute.amazonaws.com`,
    'public-ipv4s': publicAddress,
    'security-group-ids': 'sg-0123456789abcdef0',
    'security-groups': 'default',
    'subnet-id': 'subnet-0123456789abcdef0',
    'subnet-ipv4-cidr-block': '172.31.16.0/20',
    'subnet-ipv6-cidr-blocks': '2a05:d014:1:2::/64',
    'vpc-id': 'vpc-0123456789abcdef0',
    'vpc-ipv4-cidr-block': '172.31.0.0/16',
    'vpc-ipv4-cidr-blocks': '172.31.0.0/16',
    'vpc-ipv6-cidr-blocks': '2a05:d014:1::/56',
  }
}

const publicKeys = ({ sshKeys }: Identity): MetadataTree =>
  Object.fromEntries(sshKeys.map((key, index) => [String(index), { 'openssh-key': key }]))

/** The listing of public-keys, which is unlike all other folders: `0=name`. */
export const publicKeyListing = ({ sshKeys }: Identity): string =>
  sshKeys.map((key, index) => `${index}=${key.split(' ')[2] ?? `key-${index}`}`).join('\n')

export const ec2Metadata = (identity: Identity, links: readonly SimulatedLink[]): MetadataTree => {
  const [first] = links
  const mac = first?.mac ?? ''
  const address = first ? addressOf(first) : ''
  return {
    'ami-id': 'ami-0123456789abcdef0',
    'ami-launch-index': '0',
    'ami-manifest-path': '(unknown)',
    'block-device-mapping': { ami: 'xvda', ephemeral0: 'sdb', root: '/dev/xvda' },
    events: { maintenance: { history: '[]', scheduled: '[]' } },
    hostname: identity.hostname,
    iam: {
      info: JSON.stringify({ Code: 'Success', InstanceProfileArn: `arn:aws:iam::${ACCOUNT}:instance-profile/web` }),
      'security-credentials': { web: JSON.stringify({ Code: 'Success', AccessKeyId: 'ASIAEXAMPLE', Token: 'secret' }) },
    },
    'identity-credentials': { ec2: { info: '{"Code": "Success"}', 'security-credentials': { 'ec2-instance': '{}' } } },
    'instance-action': 'none',
    'instance-id': identity.instanceId,
    'instance-life-cycle': 'on-demand',
    'instance-type': 't3.small',
    'local-hostname': identity.hostname,
    'local-ipv4': address,
    mac,
    metrics: { vhostmd: '<?xml version="1.0" encoding="UTF-8"?>' },
    network: { interfaces: { macs: Object.fromEntries(links.map((link, n) => [link.mac, interfaceOf(link, n)])) } },
    placement: {
      'availability-zone': ZONE,
      'availability-zone-id': 'euc1-az3',
      region: REGION,
    },
    profile: 'default-hvm',
    'public-hostname': `ec2-18-184-7-10.${REGION}.compute.amazonaws.com`,
    'public-ipv4': '18.184.7.10',
    'public-keys': publicKeys(identity),
    'reservation-id': 'r-0123456789abcdef0',
    'security-groups': 'default',
    services: { domain: 'amazonaws.com', partition: 'aws' },
    system: 'nitro',
    tags: { instance: { Name: 'web-1', Environment: 'production', Empty: '' } },
  }
}

export const identityDocument = (identity: Identity, links: readonly SimulatedLink[]): string =>
  JSON.stringify(
    {
      accountId: ACCOUNT,
      architecture: 'x86_64',
      availabilityZone: ZONE,
      billingProducts: null,
      devpayProductCodes: null,
      marketplaceProductCodes: null,
      imageId: 'ami-0123456789abcdef0',
      instanceId: identity.instanceId,
      instanceType: 't3.small',
      kernelId: null,
      pendingTime: '2025-01-01T12:00:00Z',
      privateIp: links[0] ? addressOf(links[0]) : '',
      ramdiskId: null,
      region: REGION,
      version: '2017-09-30',
    },
    undefined,
    2,
  )

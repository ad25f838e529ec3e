import { anyOf, type Detector, NOT_FOUND } from './detector.ts'
import {
  assetTagIs,
  commandLineWord,
  fileExists,
  labelled,
  productIs,
  productStarts,
  seeded,
  serialStarts,
  vendorIs,
} from './signs.ts'

export const AZURE_CHASSIS = '7783-7084-3265-9085-8269-3286-77'

/** Clouds that a DMI field, a label, a seed or a word on the command line gives away. */
export const simpleDetectors: readonly Detector[] = [
  { id: 'Akamai', check: anyOf(vendorIs('Linode'), vendorIs('Akamai')) },
  { id: 'AliYun', check: anyOf(seeded('AliYun', 'meta-data', 'user-data'), productIs('Alibaba Cloud ECS')) },
  // RHEV and vSphere leave no sign that is theirs alone: this one is used only when it is the one configured.
  { id: 'AltCloud', check: () => NOT_FOUND },
  { id: 'Azure', check: anyOf(assetTagIs(AZURE_CHASSIS), seeded('azure', 'ovf-env.xml')) },
  { id: 'Bigstep', check: anyOf(fileExists('/var/lib/cloud/data/seed/bigstep/url')) },
  { id: 'CloudCIX', check: anyOf(productIs('CloudCIX')) },
  { id: 'CloudSigma', check: anyOf(productIs('CloudSigma')) },
  { id: 'CloudStack', check: anyOf(productStarts('CloudStack')) },
  { id: 'DigitalOcean', check: anyOf(vendorIs('DigitalOcean')) },
  { id: 'Exoscale', check: anyOf(productStarts('Exoscale')) },
  { id: 'GCE', check: anyOf(productIs('Google Compute Engine'), serialStarts('GoogleCloud-')) },
  { id: 'Hetzner', check: anyOf(vendorIs('Hetzner')) },
  { id: 'NWCS', check: anyOf(vendorIs('NWCS')) },
  { id: 'OpenNebula', check: anyOf(seeded('opennebula', 'meta-data'), labelled('CONTEXT', 'CDROM')) },
  { id: 'Oracle', check: anyOf(assetTagIs('OracleCloud.com')) },
  { id: 'RbxCloud', check: anyOf(labelled('CLOUDMD', 'cloudmd')) },
  {
    id: 'Scaleway',
    check: anyOf(
      // Holds in a container, too: unlike the others this is not a match but a plain comparison.
      async ({ dmi }) => (await dmi('sys_vendor')) === 'Scaleway',
      commandLineWord('scaleway'),
      fileExists('/var/run/scaleway'),
    ),
  },
  {
    id: 'SmartOS',
    check: anyOf(
      productStarts('SmartDC'),
      // A container of the lx brand; the socket tells it from a container inside one.
      ({ kernel, machine }) =>
        kernel.version === 'BrandZ virtual linux' && machine.files.exists('/native/.zonecontrol/metadata.sock'),
    ),
  },
  { id: 'UpCloud', check: anyOf(vendorIs('UpCloud')) },
  { id: 'Vultr', check: anyOf(vendorIs('Vultr'), commandLineWord('vultr'), fileExists('/etc/vultr')) },
  { id: 'None', check: () => NOT_FOUND },
]

import type { Detector } from './detector.ts'
import { diskDetectors } from './disk.ts'
import { ec2Detector } from './ec2.ts'
import { ibmDetector } from './ibm.ts'
import { simpleDetectors } from './simple.ts'
import { vmwareDetectors } from './vmware.ts'
import { wslDetector } from './wsl.ts'

/** Every datasource that can be recognised, by its name in datasource_list. */
export const detectors: ReadonlyMap<string, Detector> = new Map(
  [...simpleDetectors, ...diskDetectors, ...vmwareDetectors, ec2Detector, ibmDetector, wslDetector].map((detector) => [
    detector.id,
    detector,
  ]),
)

/** What is looked for, and in which order, when datasource_list is not set. MAAS is only used when it is named. */
export const defaultDatasources: readonly string[] = [
  'MAAS',
  'ConfigDrive',
  'NoCloud',
  'AltCloud',
  'Azure',
  'Bigstep',
  'CloudSigma',
  'CloudStack',
  'DigitalOcean',
  'Vultr',
  'AliYun',
  'Ec2',
  'GCE',
  'OpenNebula',
  'OpenStack',
  'VMware',
  'OVF',
  'SmartOS',
  'Scaleway',
  'Hetzner',
  'IBMCloud',
  'Oracle',
  'Exoscale',
  'RbxCloud',
  'UpCloud',
  'LXD',
  'NWCS',
  'Akamai',
  'WSL',
  'CloudCIX',
]

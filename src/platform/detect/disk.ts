import { isFile, isFolder } from '../asking.ts'
import { searchConfig } from '../config-search.ts'
import type { Evidence } from '../evidence.ts'
import { anyOf, type Detector, FOUND, MAYBE, NOT_FOUND, type Sign } from './detector.ts'
import { isIbmCloud } from './ibm.ts'
import { assetTagIs, labelled, productIs, seeded, seededOnCore } from './signs.ts'

const DATED = /^2.{3}-.{2}-.{2}$/
const SEED = '/var/lib/cloud/seed/config_drive'

/** `openstack/<date>/meta_data.json` in a folder where a config drive is mounted or copied to. */
const hasDatedMetadata = ({ machine }: Evidence, folder: string): boolean => {
  const first = machine.files
    .list(`${folder}/openstack`)
    .filter((name) => DATED.test(name))
    .map((name) => `${folder}/openstack/${name}/meta_data.json`)
    .find((path) => machine.files.linkStat(path) !== undefined)
  return first !== undefined && isFile(machine, first)
}

const hasConfigDrive: Sign = async (evidence) => {
  if (hasDatedMetadata(evidence, '/config-drive') || hasDatedMetadata(evidence, SEED)) return true
  if (evidence.machine.files.exists(`${SEED}/openstack/latest/meta_data.json`)) return true
  // IBM's disks look the same; they are IBM's when that datasource may have them.
  if (evidence.list.includes('IBMCloud') && (await isIbmCloud(evidence))) return false
  return labelled('CONFIG-2', 'config-2')(evidence)
}

const isNova: Sign = (evidence) => {
  const entry = processOneEnvironment(evidence).find((text) => text.startsWith('product_name='))
  return entry === 'product_name=OpenStack Nova'
}

const processOneEnvironment = ({ machine }: Evidence): string[] => {
  try {
    return (machine.files.readTextIfExists('/proc/1/environ') ?? '').split(/[\0\n]/)
  } catch {
    return []
  }
}

const hasMetadataService = anyOf(
  productIs('OpenStack Nova', 'OpenStack Compute'),
  isNova,
  assetTagIs(
    'HUAWEICLOUD',
    'OpenStack Compute',
    'OpenStack Nova',
    'OpenTelekomCloud',
    'SAP CCloud VM',
    'Samsung Cloud Platform',
  ),
)

/** NoCloud configured in place: its data are there, or the address to get them from. */
const isNoCloudConfigured: Sign = ({ machine }) => {
  const has = (key: string): boolean => searchConfig(machine, key) !== undefined
  return has('NoCloud') && ((has('user-data') && has('meta-data')) || has('seedfrom'))
}

const LXD_PORTS = '/sys/class/virtio-ports'

/** The port that LXD's agent will speak through, on virtual machines whose agent has not started yet. */
const hasLxdPort: Sign = async ({ machine, virtualisation }) => {
  if (!['kvm', 'qemu'].includes(await virtualisation())) return false
  if (!isFolder(machine, LXD_PORTS)) return false
  return machine.files.list(LXD_PORTS).some((port) => {
    const name = machine.files.readTextIfExists(`${LXD_PORTS}/${port}/name`)?.split('\n', 1)[0]?.trim()
    return name === 'com.canonical.lxd' || name === 'org.linuxcontainers.lxd'
  })
}

/** Datasources that are recognised by what a disk, a seed folder or a device holds. */
export const diskDetectors: readonly Detector[] = [
  { id: 'ConfigDrive', check: anyOf(hasConfigDrive) },
  {
    id: 'OpenStack',
    check: async (evidence) => {
      // Also when ConfigDrive is not in the list.
      if (await hasConfigDrive(evidence)) return NOT_FOUND
      if ((await hasMetadataService(evidence)) === FOUND) return FOUND
      return /^(i.86|x86_64)$/.test(evidence.kernel.machine) ? NOT_FOUND : MAYBE
    },
  },
  {
    id: 'NoCloud',
    check: anyOf(
      // Holds in a container, too.
      async ({ dmi }) => ` ${await dmi('product_serial')}`.includes(' ds=nocloud'),
      seeded('nocloud', 'meta-data', 'user-data'),
      seededOnCore('nocloud', 'meta-data', 'user-data'),
      seeded('nocloud-net', 'meta-data', 'user-data'),
      seededOnCore('nocloud-net', 'meta-data', 'user-data'),
      labelled('cidata', 'CIDATA'),
      isNoCloudConfigured,
    ),
  },
  {
    id: 'LXD',
    check: anyOf(({ machine }) => machine.files.stat('/dev/lxd/sock')?.type === 'socket', hasLxdPort),
  },
]

import { isFile } from '../asking.ts'
import type { Evidence } from '../evidence.ts'
import { type Detector, FOUND, NOT_FOUND } from './detector.ts'
import { labelled } from './signs.ts'

const CONFIGURATION = '/root/provisioningConfiguration.cfg'
const INSTALL_LOG = '/root/swinstall.log'

/** IBM's own first boot, which reboots when it is done: its log is from this boot, or there is none yet. */
const isProvisioning = ({ machine }: Evidence): boolean => {
  if (!isFile(machine, CONFIGURATION)) return false
  const log = machine.files.stat(INSTALL_LOG)
  if (log?.type !== 'file') return true
  const boot = machine.files.stat('/proc/1/environ')
  return boot !== undefined && log.modified > boot.modified
}

/** True on IBM Cloud (classic, Xen), while it provisions or by its disks. */
export const isIbmCloud = async (evidence: Evidence): Promise<boolean> => {
  if ((await evidence.virtualisation()) !== 'xen') return false
  if (isProvisioning(evidence)) return true
  if (await labelled('METADATA', 'metadata')(evidence)) return true
  const hasUuid = (await evidence.disks()).some(({ uuid }) => uuid === '9796-932E')
  return hasUuid && labelled('CONFIG-2', 'config-2')(evidence)
}

export const ibmDetector: Detector = {
  id: 'IBMCloud',
  check: async (evidence) => {
    if (isProvisioning(evidence)) return NOT_FOUND
    return (await isIbmCloud(evidence)) ? FOUND : NOT_FOUND
  },
}

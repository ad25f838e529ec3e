import type { Machine } from '../../src/machine/machine.ts'
import type { Dmi } from '../../src/platform/platform.ts'

/** Clouds that speak EC2's protocol. */
export type Ec2Cloud = 'aws' | 'brightbox' | 'zstack' | 'e24cloud' | 'outscale' | 'unknown'

/** Which of them this machine is on, by what its firmware says. */
export const identifyCloud = (machine: Machine, dmi: Dmi): Ec2Cloud => {
  const uuid = (hypervisorUuid(machine) ?? dmi.productUuid).toLowerCase()
  if (uuid.startsWith('ec2') || swapped(uuid).startsWith('ec2')) return 'aws'
  if (dmi.productSerial.toLowerCase().endsWith('.brightbox.com')) return 'brightbox'
  if (dmi.chassisAssetTag.toLowerCase().endsWith('.zstack.io')) return 'zstack'
  const vendor = dmi.sysVendor.toLowerCase()
  if (vendor === 'e24cloud') return 'e24cloud'
  if (vendor === '3ds outscale' && dmi.productName.toLowerCase() === '3ds outscale vm') return 'outscale'
  return 'unknown'
}

/** Xen's view of the machine's UUID; older instance types have it only there. */
const hypervisorUuid = (machine: Machine): string | undefined => {
  try {
    return machine.files.readTextIfExists('/sys/hypervisor/uuid')?.trim() || undefined
  } catch {
    return undefined
  }
}

/** The first block of a UUID in the other byte order, as some firmware shows it (SMBIOS 3.3, 7.2.1). */
const swapped = (uuid: string): string => {
  const [, a, b, c, d] = /^([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})-/.exec(uuid) ?? []
  return [d, c, b, a].join('')
}

import type { Machine } from '../machine/machine.ts'
import { firstLineOf } from './asking.ts'
import { readDmiField } from './dmi.ts'
import { type Kernel, readKernel } from './kernel.ts'
import type { Dmi, Platform } from './platform.ts'
import {
  containerByEnvironment,
  detectVirtualisation,
  isContainerName,
  UNKNOWN_VIRTUALISATION,
} from './virtualisation.ts'

const noDmi: Dmi = {
  sysVendor: '',
  productName: '',
  productSerial: '',
  productUuid: '',
  chassisAssetTag: '',
  boardSerial: '',
}

const readDmi = async (machine: Machine, kernel: Kernel): Promise<Dmi> => {
  const [sysVendor, productName, productSerial, productUuid, chassisAssetTag, boardSerial] = await Promise.all([
    readDmiField(machine, kernel, 'sys_vendor'),
    readDmiField(machine, kernel, 'product_name'),
    readDmiField(machine, kernel, 'product_serial'),
    readDmiField(machine, kernel, 'product_uuid'),
    readDmiField(machine, kernel, 'chassis_asset_tag'),
    readDmiField(machine, kernel, 'board_serial'),
  ])
  return { sysVendor, productName, productSerial, productUuid, chassisAssetTag, boardSerial }
}

/**
 * The kernel command line; in a container that of process 1, whose words are what the container's owner wrote (the
 * kernel's are the host's). Empty when there is none.
 */
export const readCommandLine = (machine: Machine, isContainer: boolean): string => {
  if (!isContainer) return firstLineOf(machine, '/proc/cmdline') ?? ''
  try {
    return (machine.files.readTextIfExists('/proc/1/cmdline') ?? '').replaceAll('\0', ' ')
  } catch {
    return ''
  }
}

/**
 * Everything that can be known about the machine before any cloud is asked. Costs a few small files and, where systemd
 * runs, one command. In a container the DMI fields are the host's and therefore left empty.
 */
export const gatherPlatform = async (machine: Machine): Promise<Platform> => {
  const kernel = await readKernel(machine)
  const virtualisation = await detectVirtualisation(machine, kernel)
  const isContainer =
    isContainerName(virtualisation) || (virtualisation === UNKNOWN_VIRTUALISATION && containerByEnvironment(machine))
  return {
    dmi: isContainer ? noDmi : await readDmi(machine, kernel),
    cmdline: readCommandLine(machine, isContainer).trim(),
    virtualisation,
    isContainer,
    architecture: kernel.machine,
  }
}

import type { Machine } from '../machine/machine.ts'
import { answerOf, firstLineOf, isFolder } from './asking.ts'
import type { Kernel } from './kernel.ts'

const SYSFS = '/sys/class/dmi/id'

/** A DMI field by its name in /sys/class/dmi/id. */
export type DmiField =
  | 'sys_vendor'
  | 'product_name'
  | 'product_serial'
  | 'product_uuid'
  | 'chassis_asset_tag'
  | 'board_serial'

/** The same fields in the words of the other tools (dmidecode(8), kenv(1) smbios.*, OpenBSD's sysctl hw.*). */
const elsewhere: Readonly<Record<DmiField, { dmidecode: string; kenv: string; sysctl?: string }>> = {
  sys_vendor: { dmidecode: 'system-manufacturer', kenv: 'smbios.system.maker', sysctl: 'hw.vendor' },
  product_name: { dmidecode: 'system-product-name', kenv: 'smbios.system.product', sysctl: 'hw.product' },
  product_serial: { dmidecode: 'system-serial-number', kenv: 'smbios.system.serial', sysctl: 'hw.uuid' },
  product_uuid: { dmidecode: 'system-uuid', kenv: 'smbios.system.uuid', sysctl: 'hw.uuid' },
  chassis_asset_tag: { dmidecode: 'chassis-asset-tag', kenv: 'smbios.chassis.tag' },
  board_serial: { dmidecode: 'baseboard-serial-number', kenv: 'smbios.planar.serial' },
}

const commandFor = (kernel: Kernel, field: DmiField): readonly string[] | undefined => {
  const names = elsewhere[field]
  if (/^(freebsd|dragonfly)$/i.test(kernel.name)) return ['kenv', '-q', names.kenv]
  if (kernel.name !== 'OpenBSD') return ['dmidecode', '--quiet', `--string=${names.dmidecode}`]
  return names.sysctl === undefined ? undefined : ['sysctl', '-nq', names.sysctl]
}

/** Firmware fills a field that nobody set with 0xff bytes, which are U+FFFD as text, or with dots (dmidecode). */
const isUnset = (text: string): boolean => /^[\uFFFD.]*$/u.test(text)

/**
 * One DMI field, trimmed; empty when the machine has no such thing. A command is asked only when the kernel shows no DMI
 * at all: if sysfs lacks just this field, dmidecode would not know it either.
 */
export const readDmiField = async (machine: Machine, kernel: Kernel, field: DmiField): Promise<string> => {
  if (isFolder(machine, SYSFS)) {
    const text = firstLineOf(machine, `${SYSFS}/${field}`) ?? ''
    return isUnset(text) ? '' : text
  }
  const command = commandFor(kernel, field)
  const answer = command && (await answerOf(machine, command))
  if (answer?.exitCode !== 0) return ''
  const text = answer.stdout.trim()
  return isUnset(text) ? '' : text
}

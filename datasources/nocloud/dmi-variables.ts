import type { Machine } from '../../src/machine/machine.ts'

/** Names of dmidecode(8) -> names in /sys/class/dmi/id. */
const fields: Readonly<Record<string, string>> = {
  'baseboard-asset-tag': 'board_asset_tag',
  'baseboard-manufacturer': 'board_vendor',
  'baseboard-product-name': 'board_name',
  'baseboard-serial-number': 'board_serial',
  'baseboard-version': 'board_version',
  'bios-release-date': 'bios_date',
  'bios-vendor': 'bios_vendor',
  'bios-version': 'bios_version',
  'chassis-asset-tag': 'chassis_asset_tag',
  'chassis-manufacturer': 'chassis_vendor',
  'chassis-serial-number': 'chassis_serial',
  'chassis-version': 'chassis_version',
  'system-manufacturer': 'sys_vendor',
  'system-product-name': 'product_name',
  'system-serial-number': 'product_serial',
  'system-uuid': 'product_uuid',
  'system-version': 'product_version',
}

/** A DMI field by its name in /sys/class/dmi/id, also in a container, where it is the host's; empty when absent. */
export const readDmi = (machine: Machine, field: string): string => {
  try {
    return (machine.files.readTextIfExists(`/sys/class/dmi/id/${field}`) ?? '').trim()
  } catch {
    // Some fields are for root only.
    return ''
  }
}

/** Replaces `__dmi.NAME__` by that DMI field (dmidecode's names); an unknown name stays as it is. */
export const replaceDmiVariables = (machine: Machine, text: string): string =>
  text.replace(/__dmi\.([^_]+)__/g, (whole, name: string) => {
    const field = fields[name]
    return field === undefined ? whole : readDmi(machine, field)
  })

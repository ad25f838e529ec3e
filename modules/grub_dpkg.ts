import { defineModule } from '../src/cloudconfig/module.ts'
import { debianNames } from '../src/distros/names.ts'
import { ConfigError, messageOf } from '../src/machine/errors.ts'
import type { Machine } from '../src/machine/machine.ts'

const schema = {
  type: 'object',
  properties: {
    grub_dpkg: {
      type: 'object',
      additionalProperties: false,
      properties: {
        enabled: { type: 'boolean', default: false, description: 'Whether anything is done.' },
        'grub-pc/install_devices': {
          type: 'string',
          description: 'The disk GRUB is on, on machines with a BIOS. Default: found out.',
        },
        'grub-pc/install_devices_empty': {
          oneOf: [
            { type: 'boolean' },
            {
              type: 'string',
              changed: true,
              changed_version: '22.3',
              changed_description: 'Use a boolean value instead.',
            },
          ],
          description: 'Whether it is right that there is no such disk.',
        },
        'grub-efi/install_devices': {
          type: 'string',
          description: 'The partition GRUB is on, on machines with EFI. Default: found out.',
        },
      },
    },
    'grub-dpkg': {
      type: 'object',
      deprecated: true,
      deprecated_version: '22.2',
      deprecated_description: 'Use **grub_dpkg** instead.',
    },
  },
} as const

/** Of the old spelling of the key nothing is checked. */
type Settings = Readonly<Record<string, unknown>>

const given = (settings: Settings, name: string): string | undefined => {
  const value = settings[name]
  return typeof value === 'string' ? value : undefined
}

const isEfi = (machine: Machine): boolean => machine.files.exists('/sys/firmware/efi')

/** The disk (or with EFI the partition) that GRUB is on, by a name that stays; empty when nobody can tell. */
const findDevice = async (machine: Machine): Promise<string> => {
  if (machine.which('grub-probe') === undefined) return ''
  const [target, folder] = isEfi(machine) ? ['device', '/boot/efi'] : ['disk', '/boot']
  try {
    const device = (await machine.ask(['grub-probe', '-t', target, folder], { timeoutSeconds: 60 })).stdout.trim()
    if (!device.startsWith('/') || !machine.files.exists(device)) return ''
    const { stdout } = await machine.ask(['udevadm', 'info', '--root', '--query=symlink', device], {
      allowedExitCodes: 'any',
      timeoutSeconds: 60,
    })
    const [stable] = stdout
      .split(/\s+/)
      .filter((link) => link.includes('disk/by-id'))
      .sort()
    return stable ?? device
  } catch (error) {
    machine.log.debug(`which disk GRUB is on is not known: ${messageOf(error)}`)
    return ''
  }
}

const oneLine = (key: string, text: string): string => {
  if (!text.includes('\n')) return text
  throw new ConfigError(key, 'is one line')
}

/** What debconf is told, so that an upgrade of GRUB asks nobody. */
const selections = async (machine: Machine, settings: Settings): Promise<string> => {
  const name = isEfi(machine) ? 'grub-efi/install_devices' : 'grub-pc/install_devices'
  const device = oneLine(`grub_dpkg.${name}`, given(settings, name) ?? (await findDevice(machine)))
  const line = `grub-pc ${name} string ${device}\n`
  if (isEfi(machine)) return line
  const empty = settings['grub-pc/install_devices_empty']
  const isEmpty = empty === undefined ? device === '' : /^(true|yes|on|1)$/i.test(String(empty).trim())
  return `${line}grub-pc grub-pc/install_devices_empty boolean ${isEmpty}\n`
}

export default defineModule({
  id: 'grub_dpkg',
  frequency: 'instance',
  distros: debianNames.filter((name) => name !== 'raspberry-pi-os'),
  activateBy: ['grub_dpkg', 'grub-dpkg'],
  schema,
  title: 'Tells debconf which disk GRUB is on',
  description: 'An image knows the disk that it was built on; an upgrade of GRUB would ask.',
  examples: [
    '#cloud-config\ngrub_dpkg:\n  enabled: true\n  grub-pc/install_devices: /dev/sda\n  grub-pc/install_devices_empty: false\n',
  ],
  run: async (config, { machine }) => {
    const settings: Settings = config.grub_dpkg ?? config['grub-dpkg'] ?? {}
    if (!/^(true|yes|on|1)$/i.test(String(settings['enabled'] ?? false))) return
    await machine.run(['debconf-set-selections'], { input: await selections(machine, settings), timeoutSeconds: 120 })
  },
})

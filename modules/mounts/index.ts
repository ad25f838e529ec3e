import { attempts } from '../../src/cloudconfig/attempts.ts'
import { defineModule, type ModuleContext } from '../../src/cloudconfig/module.ts'
import { messageOf } from '../../src/machine/errors.ts'
import type { Machine } from '../../src/machine/machine.ts'
import { mountOf } from '../../src/machine/mount-table.ts'
import { mountDevice } from './devices.ts'
import { type Fstab, type FstabEntry, marked, readFstab, withEntries } from './fstab.ts'
import { schema } from './schema.ts'
import { type SwapSettings, setUpSwapFile } from './swap.ts'

const fstabFile = '/etc/fstab'

type Field = string | null
type Fields = readonly [Field, Field, string, string, string, string]

const usesSystemd = ({ machine, distro }: ModuleContext): boolean =>
  distro.services.isActive(machine) || (machine.kind === 'image' && machine.files.exists('/usr/lib/systemd/systemd'))

/**
 * What a mount made at boot needs: the machine starts without it, and its device may come from the network that
 * firstlight itself configures.
 */
const usualOptions = (context: ModuleContext): string =>
  usesSystemd(context) ? 'defaults,nofail,x-systemd.after=cloud-init-network.service,_netdev' : 'defaults,nobootwait'

const defaultFields = (given: readonly Field[] | undefined, options: string): Fields => {
  const usual: Fields = [null, null, 'auto', options, '0', '2']
  if (given === undefined) return usual
  const [device = null, folder = null, type, mountOptions, dump, pass] = given
  return [device, folder, type ?? usual[2], mountOptions ?? usual[3], dump ?? usual[4], pass ?? usual[5]]
}

/** An entry of `mounts` with all its fields. */
type Wanted = readonly [device: string, folder: Field, type: string, options: string, dump: string, pass: string]

const complete = (device: string, entry: readonly Field[], defaults: Fields): Wanted => [
  device,
  entry[1] ?? defaults[1],
  entry[2] ?? defaults[2],
  entry[3] ?? defaults[3],
  entry[4] ?? defaults[4],
  entry[5] ?? defaults[5],
]

/** The device file, unless /etc/fstab has a line for it already; then, and where there is none, the name as it stands. */
const findDevice = async (context: ModuleContext, { devices }: Fstab, name: string): Promise<string | undefined> => {
  const device = await mountDevice(context, name)
  return device === undefined || devices.has(device) ? undefined : device
}

/** What most clouds have: a disk that does not outlive the instance, and sometimes one for swap. */
const cloudMounts = async (
  context: ModuleContext,
  fstab: Fstab,
  options: string,
  taken: ReadonlySet<string>,
): Promise<Wanted[]> => {
  const found: Wanted[] = []
  const ephemeral = await findDevice(context, fstab, 'ephemeral0')
  const swap = await findDevice(context, fstab, 'swap')
  if (ephemeral !== undefined && !taken.has(ephemeral)) found.push([ephemeral, '/mnt', 'auto', options, '0', '2'])
  if (swap !== undefined && !taken.has(swap)) found.push([swap, 'none', 'swap', 'sw', '0', '0'])
  return found
}

/** Without the entries that have no folder, and those for the same device before them. */
const withoutRemoved = (entries: readonly Wanted[]): FstabEntry[] =>
  entries.flatMap(([device, folder, ...rest], index) => {
    const isRemoved = entries.slice(index).some(([other, where]) => other === device && where === null)
    return folder === null || isRemoved ? [] : [[device, folder, ...rest] as const]
  })

const makeFolders = (machine: Machine, entries: readonly FstabEntry[]): void => {
  for (const [, folder] of entries) {
    if (!folder.startsWith('/') || machine.files.stat(folder)?.type === 'folder') continue
    try {
      machine.files.makeFolder(folder)
    } catch (error) {
      machine.log.warning(`mounts: ${messageOf(error)}`)
    }
  }
}

const isMounted = (machine: Machine, folder: string): boolean => mountOf(machine, folder)?.folder === folder

export default defineModule({
  id: 'mounts',
  frequency: 'instance',
  distros: 'all',
  schema,
  title: 'Mounts file systems and makes a swap file',
  description:
    'Lines of /etc/fstab that were written for an earlier instance are replaced; they are known by the option ' +
    'comment=cloudconfig. A disk of the cloud that lasts as long as the instance (`ephemeral0`) is mounted at /mnt without ' +
    'being asked for.',
  examples: [
    '#cloud-config\nmounts:\n  - [/dev/vdb1, /data]\n  - [sdc, /opt/data, ext4, "defaults,nofail", "0", "2"]\n',
    '#cloud-config\nswap:\n  filename: /swapfile\n  size: auto\n  maxsize: 2G\n',
  ],
  run: async ({ mounts = [], mount_default_fields: given, swap = {} }, context) => {
    const { machine } = context
    const { attempt, finish } = attempts(machine.log)
    const options = usualOptions(context)
    const defaults = defaultFields(given, options)
    const fstab = readFstab(machine.files.readTextIfExists(fstabFile) ?? '')
    const wanted: Wanted[] = []
    for (const entry of mounts as readonly (readonly Field[])[]) {
      const name = entry[0] ?? defaults[0]
      if (name === null) continue
      wanted.push(complete((await findDevice(context, fstab, name)) ?? name, entry, defaults))
    }
    wanted.push(...(await cloudMounts(context, fstab, options, new Set(wanted.map(([device]) => device)))))
    const entries = withoutRemoved(wanted).map(marked)
    const swapFile = await makeSwap(context, swap)
    if (swapFile !== undefined && !fstab.devices.has(swapFile)) entries.push([swapFile, 'none', 'swap', 'sw', '0', '0'])
    if (entries.length === 0 && swapFile === undefined) return

    makeFolders(machine, entries)
    const { text, isChanged } = withEntries(fstab, entries)
    machine.files.write(fstabFile, text)
    // Of a mounted image the machine that it is mounted on uses nothing.
    if (machine.kind === 'image') return
    if (swapFile !== undefined || entries.some(([, , type]) => type === 'swap')) {
      await attempt('swap', () => machine.run(['swapon', '-a']))
    }
    const folders = entries.map(([, folder]) => folder).filter((folder) => folder.startsWith('/'))
    if (swapFile !== undefined || isChanged || folders.some((folder) => !isMounted(machine, folder))) {
      await attempt('mounts', () => machine.run(['mount', '-a']))
      if (usesSystemd(context)) await attempt('mounts', () => machine.run(['systemctl', 'daemon-reload']))
    }
    finish()
  },
})

/** A machine without its swap file is still of use. */
const makeSwap = async (context: ModuleContext, settings: SwapSettings): Promise<string | undefined> => {
  try {
    return await setUpSwapFile(context, settings)
  } catch (error) {
    context.machine.log.warning(`there will be no swap file: ${messageOf(error)}`)
    return undefined
  }
}

import { defineModule, type ModuleContext } from '../src/cloudconfig/module.ts'
import type { PackageSpec } from '../src/distros/distro.ts'
import { requirePackageManager } from '../src/distros/package-managers.ts'
import { ConfigError, ItemsFailed, messageOf } from '../src/machine/errors.ts'

const packageItem = {
  oneOf: [{ type: 'array', items: { type: 'string' }, minItems: 2, maxItems: 2 }, { type: 'string' }],
} as const

const schema = {
  type: 'object',
  properties: {
    packages: {
      type: 'array',
      minItems: 1,
      description:
        'Packages to install: a name, `[name, version]`, or by package manager: `apt: [...]`, `snap: [...]` (where the ' +
        'second word of a pair is an option of snap).',
      items: {
        oneOf: [
          {
            type: 'object',
            additionalProperties: false,
            properties: { apt: { type: 'array', items: packageItem }, snap: { type: 'array', items: packageItem } },
          },
          ...packageItem.oneOf,
        ],
      },
    },
    package_update: { type: 'boolean', default: false, description: 'Refresh the package lists.' },
    package_upgrade: { type: 'boolean', default: false, description: 'Upgrade what is installed.' },
    package_reboot_if_required: {
      type: 'boolean',
      default: false,
      description: 'Reboot after installing or upgrading, when a package asks for it.',
    },
    apt_update: {
      type: 'boolean',
      deprecated: true,
      deprecated_version: '22.2',
      deprecated_description: 'Use **package_update** instead.',
    },
    apt_upgrade: {
      type: 'boolean',
      deprecated: true,
      deprecated_version: '22.2',
      deprecated_description: 'Use **package_upgrade** instead.',
    },
    apt_reboot_if_required: {
      type: 'boolean',
      deprecated: true,
      deprecated_version: '22.2',
      deprecated_description: 'Use **package_reboot_if_required** instead.',
    },
  },
} as const

type Item = string | readonly string[]
type PackageEntry = Item | { readonly apt?: readonly Item[]; readonly snap?: readonly Item[] }

/** Package managers leave one of these when the machine should reboot. */
const rebootMarks = ['/run/reboot-required', '/run/reboot-needed']
const longestRebootSeconds = 30

const isItem = (entry: PackageEntry): entry is Item => typeof entry === 'string' || Array.isArray(entry)

/** undefined for what is neither a name nor a name and a version. */
const specOf = (item: Item): PackageSpec | undefined => {
  if (typeof item === 'string') return item
  const [name, version] = item
  if (name === undefined || item.length > 2) return undefined
  return version === undefined ? name : [name, version]
}

/** Wanted packages by manager; those for whichever manager the distribution has are under ''. */
const byManager = (entries: readonly PackageEntry[], reject: (item: Item) => void): Map<string, PackageSpec[]> => {
  const wanted = new Map<string, PackageSpec[]>()
  const add = (manager: string, items: readonly Item[]): void => {
    for (const item of items) {
      const spec = specOf(item)
      if (spec === undefined) reject(item)
      else wanted.set(manager, [...(wanted.get(manager) ?? []), spec])
    }
  }
  for (const entry of entries) {
    if (isItem(entry)) add('', [entry])
    else for (const [manager, items] of Object.entries(entry)) add(manager, items)
  }
  return wanted
}

/** For the distribution's own manager, everything in one go. */
const installAll = async (
  context: ModuleContext,
  entries: readonly PackageEntry[],
  attempt: Attempt,
): Promise<void> => {
  const { machine, distro } = context
  const rejected: string[] = []
  const wanted = byManager(entries, (item) => rejected.push(String(item)))
  for (const item of rejected) {
    await attempt(async () => {
      throw new ConfigError('packages', `[${item}] is neither a name nor a name and a version; it is left out`)
    })
  }
  const own = [...(wanted.get('') ?? []), ...(wanted.get(distro.packages.name) ?? [])]
  if (own.length > 0) await attempt(() => distro.packages.install(machine, own))
  for (const [name, specs] of wanted) {
    if (name === '' || name === distro.packages.name) continue
    await attempt(() => requirePackageManager(machine, name, distro.systemInfo).install(machine, specs))
  }
}

type Attempt = (work: () => Promise<void>) => Promise<void>

const reboot = async ({ machine }: ModuleContext): Promise<void> => {
  const mark = rebootMarks.find((path) => machine.files.exists(path))
  if (mark === undefined) return
  if (machine.kind === 'image') {
    machine.log.info(`${mark} asks for a reboot; an image is not rebooted`)
    return
  }
  machine.log.warning(`rebooting now, because ${mark} asks for it; the rest of this boot follows after it`)
  await machine.run(['reboot'])
  await machine.clock.sleep(longestRebootSeconds * 1000)
  throw new ItemsFailed([`the reboot that ${mark} asks for did not happen within ${longestRebootSeconds} s`])
}

export default defineModule({
  id: 'package_update_upgrade_install',
  frequency: 'instance',
  distros: 'all',
  activateBy: ['apt_update', 'package_update', 'apt_upgrade', 'package_upgrade', 'packages'],
  title: 'Update, upgrade and install packages',
  description:
    'Before anything is installed the lists are refreshed once a boot, whether `package_update` says so or not.',
  examples: [
    '#cloud-config\npackages:\n  - htop\n  - [libpython3.11, 3.11.2-6]\n  - snap: [certbot, [juju, --edge]]\n' +
      'package_update: true\npackage_upgrade: true\npackage_reboot_if_required: true\n',
  ],
  schema,
  run: async (config, context) => {
    const { machine, distro } = context
    const update = config.package_update || config.apt_update
    const upgrade = config.package_upgrade || config.apt_upgrade
    const packages = config.packages ?? []
    const failures: string[] = []
    const attempt: Attempt = async (work) => {
      try {
        await work()
      } catch (error) {
        machine.log.error(messageOf(error))
        failures.push(messageOf(error))
      }
    }
    if (update || upgrade) await attempt(() => distro.packages.refresh(machine))
    if (upgrade) await attempt(() => distro.packages.upgrade(machine))
    if (packages.length > 0) await installAll(context, packages, attempt)
    const mayReboot = config.package_reboot_if_required || config.apt_reboot_if_required
    if (mayReboot && (upgrade || packages.length > 0)) await attempt(() => reboot(context))
    if (failures.length > 0) throw new ItemsFailed(failures)
  },
})

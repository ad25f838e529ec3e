import type { JsonObject } from '../machine/json.ts'
import type { Machine } from '../machine/machine.ts'
import type { Distro, DistroParts } from './distro.ts'
import { suseNames, yumNames } from './names.ts'

const named = (names: readonly string[], load: () => Promise<DistroParts>) =>
  Object.fromEntries(names.map((name) => [name, load]))

/** A distribution's own object, by system_info.distro. Loaded when it is this machine's. */
const distros: Readonly<Record<string, () => Promise<DistroParts>>> = {
  debian: async () => (await import('./debian.ts')).debian,
  ubuntu: async () => (await import('./ubuntu.ts')).ubuntu,
  'raspberry-pi-os': async () => (await import('./raspberry-pi-os.ts')).raspberryPiOs,
  alpine: async () => (await import('./alpine.ts')).alpine,
  ...named([...yumNames, 'amazon'], async () => (await import('./redhat.ts')).redhat),
  ...named(suseNames, async () => (await import('./suse.ts')).suse),
}

/** What an unknown distribution without a known relative is treated as. */
const fallback = 'debian'

/** Lower-case words of ID and ID_LIKE in /etc/os-release, nearest first (os-release(5)). */
const osReleaseIds = (machine: Machine): string[] => {
  const text =
    machine.files.readTextIfExists('/etc/os-release') ?? machine.files.readTextIfExists('/usr/lib/os-release')
  const field = (name: string): string[] => {
    const line = (text ?? '').split('\n').find((candidate) => candidate.startsWith(`${name}=`))
    const words = line?.slice(name.length + 1).replaceAll(/["']/g, '') ?? ''
    return words.toLowerCase().split(/\s+/).filter(Boolean)
  }
  return [...field('ID'), ...field('ID_LIKE')]
}

/**
 * The distribution object for `id` (system_info.distro). For an id that firstlight has no file for, the nearest relative
 * that /etc/os-release names stands in, with a warning; `id` stays what it was.
 *
 * @param systemInfo system_info of the configuration
 */
export const loadDistro = async (id: string, systemInfo: JsonObject, machine: Machine): Promise<Distro> => {
  const known = Object.hasOwn(distros, id) ? distros[id] : undefined
  if (known !== undefined) return assemble(await known(), id, systemInfo)
  const relative = osReleaseIds(machine).find((candidate) => Object.hasOwn(distros, candidate))
  const name = relative ?? fallback
  machine.log.warning(
    relative === undefined
      ? `system_info.distro: ${id} is not supported; treating this machine as ${name}`
      : `system_info.distro: ${id} is not supported; treating this machine as ${name}, which /etc/os-release names`,
  )
  const parts = (await distros[name]?.()) ?? (await import('./debian.ts')).debian
  return assemble(parts, id, systemInfo)
}

const assemble = (parts: DistroParts, id: string, systemInfo: JsonObject): Distro => ({
  ...parts,
  id,
  // The image may have another name for it in its cloud.cfg, which is often Debian's.
  systemInfo: parts.sshService === undefined ? systemInfo : { ...systemInfo, ssh_svcname: parts.sshService },
  packages: parts.packages(systemInfo),
})

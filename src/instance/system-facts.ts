import type { JsonObject } from '../machine/json.ts'
import type { Machine } from '../machine/machine.ts'

/** What is known about the operating system, for `sys_info` and `v1` of instance-data.json. */
export interface SystemFacts {
  /** Id, version and code name, by os-release: `['debian', '12', 'bookworm']`. */
  readonly distribution: readonly [id: string, version: string, release: string]
  /** `uname -r` */
  readonly kernelRelease: string
  /** `uname -m` */
  readonly architecture: string
  /** The same, put together: `Linux-6.1.0-x86_64`. */
  readonly platform: string
  /** Operating system, host, release, version, architecture; as `uname` names them. */
  readonly uname: readonly string[]
  /** Version of Python that runs cloud-init; firstlight has none. */
  readonly python: string | null
  /** Distribution, or `linux` when there is no name. */
  readonly variant: string
}

/** Reads a few small files; runs nothing. */
export const readSystemFacts = (machine: Machine, architecture: string): SystemFacts => {
  const kernel = (name: string): string => readTrimmed(machine, `/proc/sys/kernel/${name}`)
  const release = readOsRelease(machine)
  const id = release['ID'] ?? 'linux'
  const kernelRelease = kernel('osrelease')
  const system = kernel('ostype') || 'Linux'
  return {
    // cloud-init's name for it in instance-data.json.
    distribution: [id === 'rhel' ? 'redhat' : id, release['VERSION_ID'] ?? '', release['VERSION_CODENAME'] ?? ''],
    kernelRelease,
    architecture,
    platform: [system, kernelRelease, architecture].join('-'),
    uname: [system, kernel('hostname'), kernelRelease, kernel('version'), architecture],
    python: null,
    variant: id,
  }
}

const readTrimmed = (machine: Machine, path: string): string => {
  try {
    return machine.files.readTextIfExists(path)?.trim() ?? ''
  } catch {
    // A fact that the kernel does not show is left empty.
    return ''
  }
}

/** os-release(5): shell-like assignments. */
const readOsRelease = (machine: Machine): Record<string, string> => {
  const text = readTrimmed(machine, '/etc/os-release') || readTrimmed(machine, '/usr/lib/os-release')
  const values: Record<string, string> = {}
  for (const [, name = '', value = ''] of text.matchAll(/^([A-Z_]+)=(.*)$/gm)) {
    values[name] = value.replace(/^(["'])(.*)\1$/, '$2')
  }
  return values
}

/** `sys_info` of instance-data.json. */
export const systemInfoKeys = (facts: SystemFacts): JsonObject => ({
  dist: [...facts.distribution],
  platform: facts.platform,
  python: facts.python,
  release: facts.kernelRelease,
  system: facts.uname[0] ?? 'Linux',
  uname: [...facts.uname],
  variant: facts.variant,
})

/** The system's part of the `v1` standard keys. */
export const systemStandardKeys = (facts: SystemFacts): JsonObject => {
  const [distro, version, release] = facts.distribution
  return {
    distro,
    distro_release: release,
    distro_version: version,
    kernel_release: facts.kernelRelease,
    machine: facts.architecture,
    python_version: facts.python,
    system_platform: facts.platform,
    variant: facts.variant,
  }
}

import type { Machine } from '../machine/machine.ts'
import { answerOf, firstLineOf, isFolder } from './asking.ts'
import { isBsd, type Kernel } from './kernel.ts'

/** The containers that systemd can name (systemd-detect-virt(1)); any other manager is `container-other`. */
const containers = new Set([
  'container-other',
  'docker',
  'jail',
  'lxc',
  'lxc-libvirt',
  'openvz',
  'podman',
  'pouch',
  'proot',
  'rkt',
  'systemd-nspawn',
  'wsl',
])

/** The ones in which cloud identification disregards DMI and disks. WSL, Podman and OpenVZ are not among them. */
const identifiedContainers = new Set([
  'container-other',
  'docker',
  'jail',
  'lxc',
  'lxc-libvirt',
  'rkt',
  'systemd-nspawn',
])

/** Names of virt-what(1) and of FreeBSD's kern.vm_guest that differ from systemd's. */
const fromVirtWhat: Readonly<Record<string, string>> = {
  'ibm_systemz-zvm': 'zvm',
  hyperv: 'microsoft',
  virtualbox: 'oracle',
  'xen-domU': 'xen',
}
const fromVmGuest: Readonly<Record<string, string>> = { hv: 'microsoft', vbox: 'oracle', generic: 'vm-other' }

export const UNKNOWN_VIRTUALISATION = 'unavailable'

export const isContainerName = (virtualisation: string): boolean => containers.has(virtualisation)
export const isIdentifiedContainer = (virtualisation: string): boolean => identifiedContainers.has(virtualisation)

/**
 * The container that process 1 found itself in, without asking a command: systemd writes the name down when it starts.
 * undefined: systemd does not run here, so this can't be told. `none`: no container (but perhaps a virtual machine).
 */
export const containerBySystemd = (machine: Machine): string | undefined => {
  if (!isFolder(machine, '/run/systemd/system')) return undefined
  const name = firstLineOf(machine, '/run/systemd/container')
  if (!name) return 'none'
  return containers.has(name) ? name : 'container-other'
}

/** True when process 1 was told that it runs in a container; for machines without systemd. */
export const containerByEnvironment = (machine: Machine): boolean => {
  try {
    const environment = machine.files.readTextIfExists('/proc/1/environ') ?? ''
    return environment.split('\0').some((entry) => /^(container|LIBVIRT_LXC_UUID)=./.test(entry))
  } catch {
    return false
  }
}

/**
 * Asked once: what a machine runs on does not change, and a process costs a boot some milliseconds. Kept by journal, which
 * a machine shares with itself under the names of other actors.
 */
const asked = new WeakMap<Machine['journal'], Promise<string>>()

const askSystemdOnce = (machine: Machine): Promise<string> => {
  const answer = asked.get(machine.journal) ?? askSystemd(machine)
  asked.set(machine.journal, answer)
  return answer
}

const askSystemd = async (machine: Machine): Promise<string> => {
  const answer = await answerOf(machine, ['systemd-detect-virt'])
  const name = answer?.stdout.trim() ?? ''
  // It answers `none` with exit code 1; any other failure tells nothing.
  if (answer?.exitCode === 0 || name === 'none') return name
  return UNKNOWN_VIRTUALISATION
}

const askVirtWhat = async (machine: Machine): Promise<string> => {
  const name = (await answerOf(machine, ['virt-what']))?.stdout.split('\n', 1)[0]?.trim() ?? ''
  return fromVirtWhat[name] ?? name
}

const askFreeBsd = async (machine: Machine): Promise<string> => {
  const jailed = await answerOf(machine, ['sysctl', '-qn', 'security.jail.jailed'])
  if (jailed?.exitCode === 0 && jailed.stdout.trim() === '1') return 'jail'
  const guest = await answerOf(machine, ['sysctl', '-qn', 'kern.vm_guest'])
  if (guest?.exitCode !== 0) return UNKNOWN_VIRTUALISATION
  const name = guest.stdout.trim()
  return fromVmGuest[name] ?? name
}

/**
 * What this machine is inside of, in systemd's words: `kvm`, `xen`, `vmware`, `lxc`, `none` ...; `unavailable` when
 * nothing here can tell.
 */
export const detectVirtualisation = async (machine: Machine, kernel: Kernel): Promise<string> => {
  if (isFolder(machine, '/run/systemd')) {
    // What systemd tells its generators: `vm:kvm`, `container:lxc`, `none`.
    const told = machine.environment['SYSTEMD_VIRTUALIZATION']
    if (told) return told.slice(told.indexOf(':') + 1)
    const container = containerBySystemd(machine)
    if (container !== undefined && container !== 'none') return container
    return askSystemdOnce(machine)
  }
  if (machine.which('virt-what') !== undefined) return askVirtWhat(machine)
  return isBsd(kernel) ? askFreeBsd(machine) : UNKNOWN_VIRTUALISATION
}

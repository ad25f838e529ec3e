import { defaultPaths } from '../instance/paths.ts'
import { messageOf } from '../machine/errors.ts'
import type { Machine } from '../machine/machine.ts'
import { runParts } from '../machine/run-parts.ts'
import { logFile, outputLogFile } from './log-file.ts'

export interface CleanOptions {
  readonly logs: boolean
  readonly seed: boolean
  readonly machineId: boolean
  readonly reboot: boolean
  /** `all`, `ssh_config`, `network` */
  readonly configs: readonly string[]
}

// What earlier boots wrote outside of the state folder, by the names of --configs.
const writtenConfigs: Readonly<Record<string, readonly string[]>> = {
  ssh_config: ['/etc/ssh/sshd_config.d/50-cloud-init.conf'],
  network: [
    '/etc/netplan/50-cloud-init.yaml',
    '/etc/network/interfaces.d/50-cloud-init',
    '/etc/network/interfaces.d/50-cloud-init.cfg',
    '/etc/systemd/network',
    '/etc/NetworkManager/system-connections',
  ],
}

/** Names that make a file in a shared folder ours. */
const ours = /(^|-)cloud-init/

/**
 * Forgets the instance: the next boot is a first one. The seed folder is kept unless asked for.
 * @returns a line per thing that could not be removed; the others are gone.
 */
export const clean = async (machine: Machine, options: CleanOptions): Promise<string[]> => {
  const state = machine.files
    .list(defaultPaths.cloud)
    .filter((name) => options.seed || name !== 'seed')
    .map((name) => `${defaultPaths.cloud}/${name}`)
  const logs = options.logs ? [logFile, outputLogFile] : []
  const failures = [...state, defaultPaths.run, ...logs, ...configFiles(machine, options.configs)].flatMap((path) =>
    attempt(() => machine.files.remove(path)),
  )
  if (options.machineId) {
    // systemd gives a machine with this text a new id at its next boot (machine-id(5)).
    failures.push(...attempt(() => machine.files.write('/etc/machine-id', 'uninitialized\n', { mode: 0o444 })))
  }
  failures.push(...(await runHooks(machine)))
  if (options.reboot && failures.length === 0) await machine.run(['shutdown', '-r', 'now'], { detached: true })
  return failures
}

/** Scripts that packages and image builders leave for cleaning up after themselves. */
const hooks = '/etc/cloud/clean.d'

const runHooks = async (machine: Machine): Promise<string[]> => {
  try {
    await runParts(machine, hooks)
    return []
  } catch (error) {
    return [`${hooks}: ${messageOf(error)}`]
  }
}

const configFiles = (machine: Machine, names: readonly string[]): string[] => {
  const kinds = names.includes('all') ? Object.keys(writtenConfigs) : names
  return kinds
    .flatMap((kind) => writtenConfigs[kind] ?? [])
    .flatMap((path) => {
      if (machine.files.stat(path)?.type !== 'folder') return [path]
      return machine.files
        .list(path)
        .filter((name) => ours.test(name))
        .map((name) => `${path}/${name}`)
    })
}

const attempt = (remove: () => void): string[] => {
  try {
    remove()
    return []
  } catch (error) {
    return [messageOf(error)]
  }
}

import { defaultPaths } from '../instance/paths.ts'
import { CommandError, messageOf, PackagesFailed } from '../machine/errors.ts'
import { isJsonObject, type Json, type JsonObject } from '../machine/json.ts'
import type { Machine } from '../machine/machine.ts'
import type { PackageManager, PackageSpec } from './distro.ts'

/**
 * Configuration files that were changed stay (--force-confold); nobody is asked; dpkg does not sync each file of a
 * machine that is just being made; another process's lock is waited for (apt 1.9.11 and newer).
 */
const defaultCommand = [
  'apt-get',
  '--option=Dpkg::Options::=--force-confold',
  '--option=Dpkg::Options::=--force-unsafe-io',
  '--option=DPkg::Lock::Timeout=300',
  '--assume-yes',
  '--quiet',
]
const defaultUpgrade = 'dist-upgrade'
const environment = { DEBIAN_FRONTEND: 'noninteractive' }
const timeoutSeconds = 2 * 60 * 60

const lockFiles = [
  '/var/lib/dpkg/lock-frontend',
  '/var/lib/dpkg/lock',
  '/var/cache/apt/archives/lock',
  '/var/lib/apt/lists/lock',
]
/** How long another process (unattended-upgrades at a first boot) may hold a lock. */
const longestLockSeconds = 300
const secondsBetweenLooks = 2

const texts = (value: Json | undefined): string[] | undefined => {
  if (typeof value === 'string') return [value]
  return Array.isArray(value) && value.length > 0 && value.every((word) => typeof word === 'string') ? value : undefined
}

/** system_info.apt_get_wrapper: `{command: eatmydata, enabled: auto}`. */
const wrapperOf = (machine: Machine, systemInfo: JsonObject): readonly string[] => {
  const wrapper = systemInfo['apt_get_wrapper']
  const settings = isJsonObject(wrapper) ? wrapper : {}
  const command = texts(settings['command']) ?? ['eatmydata']
  const enabled = settings['enabled'] ?? 'auto'
  if (enabled === true || String(enabled).toLowerCase() === 'true') return command
  return enabled === 'auto' && machine.which(command[0] ?? '') !== undefined ? command : []
}

/** True when a process holds one of apt's locks. False also when nobody can tell. */
const isLocked = async (machine: Machine): Promise<boolean> => {
  if (machine.which('lslocks') === undefined) return false
  const { stdout } = await machine.ask(['lslocks', '--noheadings', '--raw', '--output', 'PATH'], {
    allowedExitCodes: 'any',
  })
  return stdout.split('\n').some((path) => lockFiles.includes(path.trim()))
}

const specText = (spec: PackageSpec): string => (typeof spec === 'string' ? spec : spec.join('='))

/**
 * The name alone: `vim=2:9` and `vim/testing` say which, a final `-` not to install, a final `^` a task. What is no
 * package name (an option, a path) is undefined.
 */
const packageName = (text: string): string | undefined => {
  const name = (text.split(/[/=]/, 1)[0] ?? '').replace(/[-^]+$/, '')
  return /^[A-Za-z0-9][A-Za-z0-9.+_:~-]*$/.test(name) ? name : undefined
}

/** There when the lists were refreshed in this boot. */
const refreshedMark = `${defaultPaths.run}/packages-refreshed`

/** Packages by apt-get, as system_info configures it: apt_get_command, apt_get_upgrade_subcommand, apt_get_wrapper. */
export const aptPackages = (systemInfo: JsonObject): PackageManager => {
  const command = texts(systemInfo['apt_get_command']) ?? defaultCommand
  const upgradeVerb = texts(systemInfo['apt_get_upgrade_subcommand'])?.[0] ?? defaultUpgrade

  const runOnce = async (machine: Machine, words: readonly string[]): Promise<void> => {
    const argv = [...wrapperOf(machine, systemInfo), ...command, ...words]
    await machine.run(argv, { env: environment, output: 'pass', timeoutSeconds })
  }

  /** A failure while somebody else holds a lock is not one: it is tried again when the lock is gone. */
  const run = async (machine: Machine, words: readonly string[]): Promise<void> => {
    const deadline = machine.clock.monotonic() + longestLockSeconds * 1000
    while (true) {
      try {
        return await runOnce(machine, words)
      } catch (error) {
        if (machine.clock.monotonic() >= deadline || !(await isLocked(machine))) throw error
        machine.log.info(`another process holds apt's lock; apt-get ${words[0]} waits for it`)
        await machine.clock.sleep(secondsBetweenLooks * 1000)
      }
    }
  }

  const refresh = async (machine: Machine, options: { readonly force?: boolean } = {}): Promise<void> => {
    if (!options.force && machine.files.exists(refreshedMark)) return
    await run(machine, ['update'])
    machine.files.write(refreshedMark, '')
  }

  /** Names that no list has; none when there are no lists to look in. */
  const unknownOf = async (machine: Machine, wanted: readonly string[]): Promise<string[]> => {
    const { stdout } = await machine.ask(['apt-cache', 'pkgnames'], { allowedExitCodes: 'any', timeoutSeconds: 120 })
    const known = new Set(stdout.split('\n').map((line) => line.trim()))
    if (known.size <= 1) return []
    const isKnown = (name: string): boolean => known.has(name) || known.has(name.split(':', 1)[0] ?? '')
    return wanted.filter((text) => !isKnown(packageName(text) ?? text))
  }

  /** All in one go; when that fails, one by one, so that a broken package costs only itself. */
  const installKnown = async (machine: Machine, wanted: readonly string[]): Promise<string[]> => {
    try {
      await run(machine, ['install', ...wanted])
      return []
    } catch (error) {
      if (!(error instanceof CommandError) || wanted.length === 1) {
        machine.log.error(messageOf(error))
        return [...wanted]
      }
    }
    machine.log.warning('the packages could not be installed together; trying them one by one')
    const failed: string[] = []
    for (const text of wanted) {
      try {
        await run(machine, ['install', text])
      } catch (error) {
        machine.log.error(messageOf(error))
        failed.push(text)
      }
    }
    return failed
  }

  const install = async (machine: Machine, packages: readonly PackageSpec[]): Promise<void> => {
    const wanted = [...new Set(packages.map(specText))]
    if (wanted.length === 0) return
    try {
      await refresh(machine)
    } catch (error) {
      machine.log.warning(`the package lists are as old as the image: ${messageOf(error)}`)
    }
    const unusable = wanted.filter((text) => packageName(text) === undefined)
    const named = wanted.filter((text) => packageName(text) !== undefined)
    const unknown = named.length > 0 ? await unknownOf(machine, named) : []
    const known = named.filter((text) => !unknown.includes(text))
    const failed = known.length > 0 ? await installKnown(machine, known) : []
    if (unusable.length > 0) throw new PackagesFailed([...unusable, ...unknown, ...failed], 'not a package name')
    if (unknown.length > 0) throw new PackagesFailed([...unknown, ...failed], 'apt knows no such package')
    if (failed.length > 0) throw new PackagesFailed(failed, 'see the output of apt-get')
  }

  return {
    name: 'apt',
    isAvailable: (machine) => machine.which(command[0] ?? 'apt-get') !== undefined,
    refresh,
    upgrade: (machine) => run(machine, [upgradeVerb]),
    install,
  }
}

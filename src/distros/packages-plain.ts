import { defaultPaths } from '../instance/paths.ts'
import { CommandError, messageOf, PackagesFailed } from '../machine/errors.ts'
import type { Machine } from '../machine/machine.ts'
import type { PackageManager, PackageSpec } from './distro.ts'

/** A package manager whose commands take names and nothing special. */
export interface PlainPackages {
  readonly name: string
  isAvailable(machine: Machine): boolean
  /** Commands with their options, to which names are added. */
  commands(machine: Machine): {
    readonly refresh: readonly string[]
    readonly upgrade: readonly string[]
    readonly install: readonly string[]
  }
  /** Between name and version. */
  readonly versionMark: string
  /** True where an installation does not refresh the lists by itself. */
  readonly refreshesFirst: boolean
}

const timeoutSeconds = 2 * 60 * 60
const refreshedMark = `${defaultPaths.run}/packages-refreshed`
/** Names, versions, groups (`@base`), file names of capabilities; no options. */
const usable = /^[A-Za-z0-9@/_(][^\s]*$/

export const plainPackages = (plain: PlainPackages): PackageManager => {
  const run = async (machine: Machine, argv: readonly string[]): Promise<void> => {
    await machine.run(argv, { output: 'pass', timeoutSeconds })
  }

  const refresh: PackageManager['refresh'] = async (machine, options = {}) => {
    if (!options.force && machine.files.exists(refreshedMark)) return
    await run(machine, plain.commands(machine).refresh)
    machine.files.write(refreshedMark, '')
  }

  /** All in one go; when that fails, one by one, so that a broken package costs only itself. */
  const installAll = async (machine: Machine, wanted: readonly string[]): Promise<string[]> => {
    const { install } = plain.commands(machine)
    try {
      await run(machine, [...install, ...wanted])
      return []
    } catch (error) {
      machine.log.error(messageOf(error))
      if (!(error instanceof CommandError) || wanted.length === 1) return [...wanted]
    }
    machine.log.warning('the packages could not be installed together; trying them one by one')
    const failed: string[] = []
    for (const text of wanted) {
      try {
        await run(machine, [...install, text])
      } catch (error) {
        machine.log.error(messageOf(error))
        failed.push(text)
      }
    }
    return failed
  }

  const install = async (machine: Machine, packages: readonly PackageSpec[]): Promise<void> => {
    const wanted = [
      ...new Set(packages.map((spec) => (typeof spec === 'string' ? spec : spec.join(plain.versionMark)))),
    ]
    const named = wanted.filter((text) => usable.test(text))
    const unusable = wanted.filter((text) => !usable.test(text))
    if (plain.refreshesFirst && named.length > 0) {
      try {
        await refresh(machine)
      } catch (error) {
        machine.log.warning(`the package lists are as old as the image: ${messageOf(error)}`)
      }
    }
    const failed = named.length > 0 ? await installAll(machine, named) : []
    if (unusable.length > 0) throw new PackagesFailed([...unusable, ...failed], 'not a package name')
    if (failed.length > 0) throw new PackagesFailed(failed, `see the output of ${plain.name}`)
  }

  return {
    name: plain.name,
    isAvailable: plain.isAvailable,
    refresh,
    upgrade: (machine) => run(machine, plain.commands(machine).upgrade),
    install,
  }
}

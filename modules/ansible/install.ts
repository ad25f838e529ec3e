import type { ModuleContext } from '../../src/cloudconfig/module.ts'
import type { DistroFamily } from '../../src/distros/distro.ts'
import { ConfigError, messageOf } from '../../src/machine/errors.ts'
import type { Machine } from '../../src/machine/machine.ts'
import { type Runner, runAs } from './runner.ts'

/** @throws PackagesFailed, CommandError, ConfigError */
export const installAnsible = async (
  context: ModuleContext,
  runner: Runner,
  method: 'distro' | 'pip',
  name: string,
): Promise<void> => {
  if (/^-|[\s\p{Cc}]/u.test(name)) throw new ConfigError('ansible.package_name', 'it is no name of a package')
  await (method === 'pip' ? installByPip(context, runner, name) : installPackage(context, name))
}

const installPackage = async ({ machine, distro }: ModuleContext, name: string): Promise<void> => {
  if (machine.which('ansible') !== undefined) return
  await distro.packages.install(machine, [name])
}

const pipPackages: Partial<Record<DistroFamily, string>> = { alpine: 'py3-pip', arch: 'python-pip' }
const usualPipPackage = 'python3-pip'

const installByPip = async (context: ModuleContext, runner: Runner, name: string): Promise<void> => {
  const { machine, distro } = context
  if (!(await pythonSays(machine, 'import pip'))) {
    await distro.packages.install(machine, [pipPackages[distro.family] ?? usualPipPackage])
  }
  if (await isInstalledByPip(machine, runner)) return
  const install = ['python3', '-m', 'pip', 'install', ...(await pipOptions(machine, runner))]
  await runAs(machine, runner, [...install, '--upgrade', 'pip']).catch((error: unknown) => {
    machine.log.warning(`ansible: pip itself was not upgraded; the one that is there is used: ${messageOf(error)}`)
  })
  await runAs(machine, runner, [...install, name])
}

const isInstalledByPip = async (machine: Machine, runner: Runner): Promise<boolean> => {
  const options = runner.user === undefined ? [] : ['--user']
  const { stdout } = await runAs(machine, runner, ['python3', '-m', 'pip', 'list', ...options], { asks: true })
  return /^ansible(-core)?\s/m.test(stdout)
}

const externallyManaged =
  'import os, sys, sysconfig; sys.exit(not os.path.exists(os.path.join(sysconfig.get_path("stdlib"), "EXTERNALLY-MANAGED")))'

/** Where a distribution keeps its Python to itself (PEP 668), pip wants to be told that it is meant. */
const pipOptions = async (machine: Machine, { user }: Runner): Promise<string[]> => [
  ...((await pythonSays(machine, externallyManaged)) ? ['--break-system-packages'] : []),
  ...(user === undefined ? [] : ['--user']),
]

/** True when the program exits with 0. */
const pythonSays = async (machine: Machine, program: string): Promise<boolean> =>
  (await machine.ask(['python3', '-c', program], { allowedExitCodes: 'any', timeoutSeconds: 60 })).exitCode === 0

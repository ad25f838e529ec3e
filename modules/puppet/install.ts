import type { ModuleContext } from '../../src/cloudconfig/module.ts'
import type { PackageSpec } from '../../src/distros/distro.ts'
import { PackagesFailed } from '../../src/machine/errors.ts'
import { runDownloaded } from '../../src/machine/run-downloaded.ts'

/** The package has had both names, and so has the service. */
export const puppetNames = ['puppet-agent', 'puppet'] as const

const aioScript = 'https://raw.githubusercontent.com/puppetlabs/install-puppet/main/install.sh'
const downloadRetries = 5

export interface PackageRequest {
  /** undefined: whichever there is. */
  readonly name: string | undefined
  readonly version: string | undefined
}

/** @throws PackagesFailed */
export const installPackage = async ({ machine, distro }: ModuleContext, request: PackageRequest): Promise<void> => {
  const { name, version } = request
  const spec = (of: string): PackageSpec => (version === undefined ? of : [of, version])
  const [first, second] = puppetNames
  try {
    await distro.packages.install(machine, [spec(name ?? first)])
  } catch (error) {
    if (name !== undefined || !(error instanceof PackagesFailed)) throw error
    machine.log.info(`puppet: there is no package ${first}; trying ${second}`)
    await distro.packages.install(machine, [spec(second)])
  }
}

export interface ScriptRequest {
  readonly url: string | undefined
  readonly version: string | undefined
  readonly collection: string | undefined
  readonly cleanup: boolean
}

/** Puppet's own packages, by its installation script. @throws HttpFailure, HttpStatusError, CommandError */
export const installByScript = async ({ machine, instance }: ModuleContext, request: ScriptRequest): Promise<void> => {
  const { url = aioScript, version, collection, cleanup } = request
  await runDownloaded(machine, {
    url,
    retries: downloadRetries,
    file: `${instance.folder}/puppet-install`,
    arguments: [
      ...(version === undefined ? [] : ['-v', version]),
      ...(collection === undefined ? [] : ['-c', collection]),
      ...(cleanup ? ['--cleanup'] : []),
    ],
  })
}

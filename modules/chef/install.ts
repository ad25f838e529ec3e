import type { ModuleContext } from '../../src/cloudconfig/module.ts'
import type { DistroFamily } from '../../src/distros/distro.ts'
import { runDownloaded } from '../../src/machine/run-downloaded.ts'
import { scriptTimeoutSeconds } from '../../src/machine/run-parts.ts'

export interface InstallRequest {
  readonly type: 'packages' | 'gems' | 'omnibus'
  readonly url: string
  readonly retries: number
  readonly version: string | undefined
}

/** Ruby with what it takes to build gems. */
const rubyPackages: Partial<Record<DistroFamily, readonly string[]>> = {
  redhat: ['ruby', 'ruby-devel'],
  suse: ['ruby', 'ruby-devel'],
  arch: ['ruby'],
}
const usualRubyPackages = ['ruby', 'ruby-dev']

/** @throws PackagesFailed, CommandError, HttpFailure, HttpStatusError */
export const installChef = async (context: ModuleContext, request: InstallRequest): Promise<void> => {
  const { machine, distro, instance } = context
  switch (request.type) {
    case 'packages':
      return distro.packages.install(machine, ['chef'])
    case 'gems':
      await distro.packages.install(machine, rubyPackages[distro.family] ?? usualRubyPackages)
      await machine.run(['gem', 'install', 'chef', '--no-document', '--bindir', '/usr/bin', '--quiet'], {
        output: 'pass',
        timeoutSeconds: scriptTimeoutSeconds,
      })
      return
    case 'omnibus':
      return runDownloaded(machine, {
        url: request.url,
        retries: request.retries,
        file: `${instance.folder}/chef-omnibus-install`,
        arguments: request.version === undefined ? [] : ['-v', request.version],
      })
  }
}

import { attempts } from '../../src/cloudconfig/attempts.ts'
import { defineModule, type ModuleContext } from '../../src/cloudconfig/module.ts'
import { CommandError, messageOf } from '../../src/machine/errors.ts'
import { isJsonObject } from '../../src/machine/json.ts'
import type { Machine } from '../../src/machine/machine.ts'
import { scriptTimeoutSeconds } from '../../src/machine/run-parts.ts'
import { configure, writeAuthority, writeRequestAttributes } from './configure.ts'
import { installByScript, installPackage, puppetNames } from './install.ts'
import { schema } from './schema.ts'

/** Where Puppet's own package, and that of the distribution, have the command and their files; and who owns those. */
const kinds = {
  aio: {
    command: '/opt/puppetlabs/bin/puppet',
    user: 'root',
    places: {
      config: '/etc/puppetlabs/puppet/puppet.conf',
      ssldir: '/etc/puppetlabs/puppet/ssl',
      csr_attributes: '/etc/puppetlabs/puppet/csr_attributes.yaml',
    },
  },
  packages: {
    command: 'puppet',
    user: 'puppet',
    places: {
      config: '/etc/puppet/puppet.conf',
      ssldir: '/var/lib/puppet/ssl',
      csr_attributes: '/etc/puppet/csr_attributes.yaml',
    },
  },
} as const

/** With --test the agent says 2 when it changed something, which is no failure (puppet-agent(8), --detailed-exitcodes). */
const agentCodes = [0, 2]

/** Puppet says itself where a file is. Where it is not installed (a plan, a failed package), it is where it usually is. */
const askPuppet = async (
  machine: Machine,
  { command, places }: (typeof kinds)[keyof typeof kinds],
  setting: keyof typeof kinds.aio.places,
): Promise<string> => {
  if (machine.which(command) === undefined) return places[setting]
  const { stdout } = await machine.ask([command, 'config', 'print', setting])
  return stdout.trim()
}

/** The service under whichever name it has; without one there is a warning. */
const manageService = async ({ machine, distro }: ModuleContext, action: 'enable' | 'start'): Promise<void> => {
  const problems: string[] = []
  for (const name of puppetNames) {
    try {
      return await distro.services.manage(machine, action, `${name}.service`)
    } catch (error) {
      if (!(error instanceof CommandError)) throw error
      problems.push(messageOf(error))
    }
  }
  machine.log.warning(`puppet: could not ${action} its service: ${problems.join('; ')}`)
}

export default defineModule({
  id: 'puppet',
  frequency: 'instance',
  distros: 'all',
  activateBy: ['puppet'],
  title: 'Set up Puppet',
  description:
    'Installs Puppet, adds settings to its configuration, starts the service and, when asked to, runs the agent once. ' +
    'One step that fails does not stop the others.',
  examples: [
    '#cloud-config\npuppet:\n  install_type: packages\n  conf:\n    agent:\n      server: puppet.example.com\n      certname: "%i.%f"\n  exec: true\n',
  ],
  schema,
  run: async ({ puppet: settings }, context) => {
    if (settings === undefined) return
    const { machine } = context
    const { install = true, version, install_type: type = 'packages', conf } = settings
    const kind = kinds[type]
    const { command, user } = kind
    const steps = attempts(machine.log)

    if (!install && version !== undefined) {
      machine.log.warning('puppet.version: has no effect, because puppet.install is false')
    }
    if (install && type === 'packages') {
      await steps.attempt('puppet', () => installPackage(context, { name: settings.package_name, version }))
    }
    if (install && type === 'aio') {
      const { aio_install_url: url, collection, cleanup = true } = settings
      await steps.attempt('puppet', () => installByScript(context, { url, version, collection, cleanup }))
    }

    if (isJsonObject(conf)) {
      const { ca_cert: authority, ...sections } = conf
      if (Object.keys(sections).length > 0) {
        await steps.attempt('puppet.conf', async () => {
          const file = settings.conf_file ?? (await askPuppet(machine, kind, 'config'))
          configure(context, file, sections, steps.fail)
        })
      }
      if (typeof authority === 'string') {
        await steps.attempt('puppet.conf.ca_cert', async () => {
          const folder = settings.ssl_dir ?? (await askPuppet(machine, kind, 'ssldir'))
          writeAuthority(context, folder, authority, user)
        })
      }
    }
    const attributes = settings.csr_attributes
    if (isJsonObject(attributes)) {
      await steps.attempt('puppet.csr_attributes', async () => {
        const file = settings.csr_attributes_path ?? (await askPuppet(machine, kind, 'csr_attributes'))
        writeRequestAttributes(context, file, attributes)
      })
    }

    const { start_service: starts = true, exec: runs = false, exec_args: words = ['--test'] } = settings
    if (starts) await steps.attempt('puppet.start_service', () => manageService(context, 'enable'))
    if (runs) {
      const options = { allowedExitCodes: agentCodes, output: 'pass', timeoutSeconds: scriptTimeoutSeconds } as const
      await steps.attempt('puppet.exec', () => machine.run([command, 'agent', ...words], options))
    }
    if (starts) await steps.attempt('puppet.start_service', () => manageService(context, 'start'))
    steps.finish()
  },
})

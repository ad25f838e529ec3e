import { attempts } from '../src/cloudconfig/attempts.ts'
import { defineModule, type ModuleContext } from '../src/cloudconfig/module.ts'
import { ConfigError, messageOf } from '../src/machine/errors.ts'
import type { Machine } from '../src/machine/machine.ts'

const schema = {
  type: 'object',
  properties: {
    wireguard: {
      type: ['null', 'object'],
      required: ['interfaces'],
      minProperties: 1,
      additionalProperties: false,
      properties: {
        interfaces: {
          type: 'array',
          minItems: 1,
          description: 'Interfaces, each with its configuration as wg-quick(8) reads it.',
          items: {
            type: 'object',
            additionalProperties: false,
            properties: {
              name: { type: 'string', description: 'Name of the interface: `wg0`.' },
              config_path: {
                type: 'string',
                description: 'Where its configuration is written: /etc/wireguard/wg0.conf.',
              },
              content: { type: 'string', description: 'The configuration. Only root can read the file.' },
            },
          },
        },
        readinessprobe: {
          type: 'array',
          uniqueItems: true,
          items: { type: 'string' },
          description: 'Lines of shell that must succeed when the interfaces are up.',
        },
      },
    },
  },
} as const

interface Interface {
  readonly name?: string | undefined
  readonly config_path?: string | undefined
  readonly content?: string | undefined
}

/** From here on the kernel has WireGuard itself. */
const firstKernel = [5, 6] as const
const probeTimeoutSeconds = 10 * 60

/** As wg-quick(8) takes them. */
const interfaceName = /^[a-zA-Z0-9_=+.-]{1,15}$/

const isOldKernel = (machine: Machine): boolean => {
  const release = machine.files.readTextIfExists('/proc/sys/kernel/osrelease') ?? ''
  const [, major, minor] = /^(\d+)\.(\d+)/.exec(release) ?? []
  if (major === undefined || minor === undefined) return false
  const [firstMajor, firstMinor] = firstKernel
  return Number(major) < firstMajor || (Number(major) === firstMajor && Number(minor) < firstMinor)
}

const installTools = async ({ machine, distro }: ModuleContext): Promise<void> => {
  if (machine.which('wg') !== undefined) return
  await distro.packages.install(machine, ['wireguard-tools', ...(isOldKernel(machine) ? ['wireguard'] : [])])
}

/** wg-quick would load it, too: that it can't be loaded is for wg-quick to complain about. */
const loadKernelModule = async (machine: Machine): Promise<void> => {
  if (machine.files.exists('/sys/module/wireguard')) return
  const { stdout } = await machine.ask(['lsmod'], { allowedExitCodes: 'any' })
  if (/^wireguard\b/m.test(stdout)) return
  await machine.run(['modprobe', 'wireguard'])
}

const bringUp = async ({ machine, distro }: ModuleContext, given: Interface, key: string): Promise<void> => {
  const { name, config_path: path, content } = given
  if (name === undefined || path === undefined || content === undefined) {
    const missing = (['name', 'config_path', 'content'] as const).filter((part) => given[part] === undefined)
    throw new ConfigError(key, `${missing.join(', ')} is missing; the interface is left out`)
  }
  if (!interfaceName.test(name))
    throw new ConfigError(`${key}.name`, `${JSON.stringify(name)} is no name of an interface`)
  if (!path.startsWith('/')) throw new ConfigError(`${key}.config_path`, 'it must be an absolute path')
  machine.files.write(path, content, { mode: 0o600 })
  await distro.services.manage(machine, 'enable', `wg-quick@${name}`)
  await distro.services.manage(machine, 'restart', `wg-quick@${name}`)
}

export default defineModule({
  id: 'wireguard',
  frequency: 'instance',
  distros: ['ubuntu'],
  activateBy: ['wireguard'],
  title: 'Set up WireGuard interfaces',
  description:
    'Installs the tools where they are missing, writes the configurations, and starts and enables wg-quick for each. An ' +
    'interface that fails does not stop the others.',
  examples: [
    '#cloud-config\nwireguard:\n  interfaces:\n    - name: wg0\n      config_path: /etc/wireguard/wg0.conf\n      content: |\n' +
      '        [Interface]\n        PrivateKey = <key>\n        Address = 192.0.2.2/24\n        [Peer]\n        PublicKey = <key>\n' +
      '        Endpoint = vpn.example.com:51820\n        AllowedIPs = 192.0.2.0/24\n  readinessprobe:\n    - ping -c 3 192.0.2.1\n',
  ],
  schema,
  run: async ({ wireguard }, context) => {
    if (!wireguard) return
    const { machine } = context
    const steps = attempts(machine.log)
    await steps.attempt('wireguard', () => installTools(context))
    await loadKernelModule(machine).catch((error: unknown) => {
      machine.log.warning(`wireguard: its kernel module could not be loaded: ${messageOf(error)}`)
    })
    for (const [index, given] of wireguard.interfaces.entries()) {
      const key = `wireguard.interfaces[${index}]`
      await steps.attempt(key, () => bringUp(context, given, key))
    }
    for (const [index, probe] of (wireguard.readinessprobe ?? []).entries()) {
      const argv = ['/bin/sh', '-c', probe]
      await steps.attempt(`wireguard.readinessprobe[${index}]`, () =>
        machine.run(argv, { timeoutSeconds: probeTimeoutSeconds }),
      )
    }
    steps.finish()
  },
})

import type { Machine } from '../machine/machine.ts'
import type { ServiceAction, ServiceManager, ServiceState } from './distro.ts'

const rcService = (service: string, verb: string): string[] => ['rc-service', '--nocolor', service, verb]

/** OpenRC's services know no reloading that all of them have: they are restarted. */
const commandOf = (action: ServiceAction, service: string): string[] => {
  switch (action) {
    case 'enable':
      return ['rc-update', '--nocolor', 'add', service]
    case 'disable':
      return ['rc-update', '--nocolor', 'del', service]
    case 'reload':
    case 'try-reload':
      return rcService(service, 'restart')
    default:
      return rcService(service, action)
  }
}

const state = async (machine: Machine, service: string): Promise<ServiceState> => {
  if (machine.which('rc-service') === undefined) return 'unknown'
  if (!machine.files.exists(`/etc/init.d/${service}`)) return 'missing'
  const { exitCode } = await machine.ask(rcService(service, 'status'), { allowedExitCodes: 'any', timeoutSeconds: 30 })
  return exitCode === 0 ? 'running' : 'stopped'
}

/** Services by OpenRC (rc-service(8), rc-update(8)). */
export const openrcServices: ServiceManager = {
  isActive: (machine) => machine.which('rc-service') !== undefined && machine.files.exists('/run/openrc'),
  manage: async (machine, action, service) => {
    await machine.run(commandOf(action, service))
  },
  state,
}

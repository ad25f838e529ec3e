import type { Machine } from '../machine/machine.ts'
import type { ServiceAction, ServiceManager, ServiceState } from './distro.ts'

const verbs: Readonly<Record<ServiceAction, readonly string[]>> = {
  start: ['start'],
  stop: ['stop'],
  restart: ['restart'],
  reload: ['reload-or-restart'],
  'try-reload': ['try-reload-or-restart'],
  enable: ['enable'],
  disable: ['disable'],
  status: ['status'],
}

/** What `systemctl show` says of a unit: `key=value` lines. */
const property = (text: string, key: string): string =>
  text
    .split('\n')
    .find((line) => line.startsWith(`${key}=`))
    ?.slice(key.length + 1)
    .trim() ?? ''

const runningStates = new Set(['active', 'activating', 'reloading'])

const state = async (machine: Machine, service: string): Promise<ServiceState> => {
  const answer = await machine.ask(['systemctl', 'show', '--property=LoadState,ActiveState', service], {
    allowedExitCodes: 'any',
    timeoutSeconds: 30,
  })
  if (answer.exitCode !== 0) return 'unknown'
  if (property(answer.stdout, 'LoadState') === 'not-found') return 'missing'
  return runningStates.has(property(answer.stdout, 'ActiveState')) ? 'running' : 'stopped'
}

/** Services by systemctl. */
export const systemdServices: ServiceManager = {
  // The folder exists exactly when systemd is process 1 (sd_booted(3)).
  isActive: (machine) => machine.files.stat('/run/systemd/system')?.type === 'folder',
  manage: async (machine, action, service, options = {}) => {
    const words = options.ignoreDependencies ? ['--job-mode=ignore-dependencies'] : []
    await machine.run(['systemctl', ...verbs[action], ...words, service])
  },
  state,
}

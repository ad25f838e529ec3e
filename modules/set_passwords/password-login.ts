import type { ModuleContext } from '../../src/cloudconfig/module.ts'
import { setSshdOption } from '../../src/distros/ssh-config.ts'
import { messageOf } from '../../src/machine/errors.ts'
import { type Json, textAt } from '../../src/machine/json.ts'

/** `yes` or `no` for sshd; undefined: leave it as it is. */
const answerOf = (value: Json | undefined): 'yes' | 'no' | 'unknown' | undefined => {
  const text = String(value ?? 'unchanged')
    .trim()
    .toLowerCase()
  if (text === 'unchanged') return undefined
  if (['true', '1', 'on', 'yes'].includes(text)) return 'yes'
  return ['false', '0', 'off', 'no'].includes(text) ? 'no' : 'unknown'
}

/** A running sshd is told; one that does not run reads its configuration when it starts. */
const restartSshd = async ({ machine, distro }: ModuleContext): Promise<void> => {
  const service = textAt(distro.systemInfo, 'ssh_svcname') ?? 'ssh'
  const { services } = distro
  if (!services.isActive(machine)) return
  try {
    if ((await services.state(machine, service)) !== 'running') return
    await services.manage(machine, 'restart', service, { ignoreDependencies: true })
  } catch (error) {
    machine.log.warning(`ssh_pwauth: ${service} could not be restarted and keeps its old settings: ${messageOf(error)}`)
  }
}

/** Puts `ssh_pwauth` in force. */
export const allowPasswordLogin = async (context: ModuleContext): Promise<void> => {
  const { machine, cloudConfig } = context
  const answer = answerOf(cloudConfig['ssh_pwauth'])
  if (answer === undefined) return
  if (answer === 'unknown') {
    machine.log.warning('ssh_pwauth: must be true or false; sshd keeps what it has')
    return
  }
  if (setSshdOption(machine, 'PasswordAuthentication', answer)) await restartSshd(context)
}

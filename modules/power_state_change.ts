import { defineModule } from '../src/cloudconfig/module.ts'
import type { DistroFamily } from '../src/distros/distro.ts'
import { objectAt } from '../src/machine/json.ts'

const schema = {
  type: 'object',
  properties: {
    power_state: {
      type: 'object',
      required: ['mode'],
      additionalProperties: false,
      description: 'Power off, reboot or halt when the boot is finished.',
      properties: {
        delay: {
          default: 'now',
          description: 'Minutes to wait, or `now`.',
          oneOf: [
            { type: 'integer', minimum: 0 },
            {
              type: 'string',
              pattern: '^\\+?[0-9]+$',
              changed: true,
              changed_version: '22.3',
              changed_description: 'Use of type string for this value is deprecated. Use `now` or integer type.',
            },
            { enum: ['now'] },
          ],
        },
        mode: { type: 'string', enum: ['poweroff', 'reboot', 'halt'], description: 'What to do.' },
        message: { type: 'string', description: 'What shutdown tells those who are logged in.' },
        timeout: {
          type: 'integer',
          default: 30,
          description: 'Seconds to wait for the boot to be finished.',
        },
        condition: {
          default: true,
          description: 'False: nothing happens. A command (shell line or words): only when it exits with 0.',
          oneOf: [{ type: 'string' }, { type: 'boolean' }, { type: 'array' }],
        },
      },
    },
  },
} as const

const options = { halt: '-H', poweroff: '-P', reboot: '-r' } as const
type Mode = keyof typeof options

/**
 * Waits until the process that started it is gone (or $1 seconds), tries the condition (the next $2 words), and becomes
 * the command that follows. Nothing of the user's is part of the script: it all comes as words.
 */
const waiter = `parent=$PPID
left=$(($1 * 5)); words=$2; shift 2
started() { cut -d ' ' -f 22 "/proc/$parent/stat" 2>/dev/null; }
began=$(started)
while [ "$parent" -gt 1 ] && [ -n "$began" ] && [ "$(started)" = "$began" ] && [ "$left" -gt 0 ]; do
  sleep 0.2
  left=$((left - 1))
done
if [ "$words" -gt 0 ]; then
  n=0; command=
  while [ "$n" -lt "$words" ]; do
    n=$((n + 1)); command="$command \\"\\\${$n}\\""
  done
  eval "$command" || exit 0
  shift "$words"
fi
exec "$@"`

/** The words of shutdown(8), or of Alpine's busybox, which knows neither minutes nor messages. */
const shutdownCommand = (family: DistroFamily, mode: Mode, minutes: number, message: string | undefined): string[] => {
  if (family === 'alpine') return [mode, '-d', String(minutes * 60)]
  const when = minutes === 0 ? 'now' : `+${minutes}`
  return ['shutdown', options[mode], when, ...(message ? [message] : [])]
}

const conditionWords = (condition: string | boolean | readonly unknown[]): string[] => {
  if (typeof condition === 'string') return ['/bin/sh', '-c', condition]
  return typeof condition === 'boolean' ? [] : condition.map(String)
}

export default defineModule({
  id: 'power_state_change',
  frequency: 'instance',
  distros: 'all',
  activateBy: ['power_state'],
  title: 'Power off or reboot when all is done',
  description: 'A small shell process waits until firstlight has ended, checks the condition, and calls shutdown.',
  examples: [
    '#cloud-config\npower_state:\n  mode: poweroff\n  delay: 30\n  message: Bye\n  timeout: 30\n  condition: true\n',
  ],
  schema,
  run: async ({ power_state: settings }, { machine, distro, cloudConfig }) => {
    if (settings === undefined) return
    const given = objectAt(cloudConfig, 'power_state')
    const refused = (['delay', 'condition'] as const).find((key) => key in given && settings[key] === undefined)
    if (refused !== undefined) {
      machine.log.warning(`power_state.${refused}: it is not usable; the power state stays as it is`)
      return
    }
    const { mode, delay = 'now', message, timeout = 30, condition = true } = settings
    if (mode === undefined || !Object.hasOwn(options, mode)) {
      machine.log.warning('power_state.mode: it must be poweroff, reboot or halt; the power state stays as it is')
      return
    }
    const minutes = delay === 'now' ? 0 : Number(delay)
    if (!Number.isInteger(minutes) || minutes < 0) {
      machine.log.warning(`power_state.delay: ${delay} is neither now nor minutes; the power state stays as it is`)
      return
    }
    if (condition === false) return
    if (machine.kind === 'image') {
      machine.log.info('power_state: an image has no power to switch')
      return
    }
    const command = shutdownCommand(distro.family, mode, minutes, message)
    const words = conditionWords(condition)
    const seconds = String(Math.max(0, Math.round(timeout)))
    const argv = ['/bin/sh', '-c', waiter, 'power-state-change', seconds, String(words.length), ...words, ...command]
    await machine.run(argv, { detached: true })
    machine.log.info(`${command.join(' ')} follows when this boot is finished`)
  },
})

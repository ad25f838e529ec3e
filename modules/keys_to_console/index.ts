import { defineModule } from '../../src/cloudconfig/module.ts'
import { writeToConsole } from '../../src/machine/console.ts'
import type { Machine } from '../../src/machine/machine.ts'
import { isoTime } from '../../src/machine/time.ts'

const folder = '/etc/ssh'

/** Public host keys as lines, without the types that `hidden` names (`ssh-rsa`, as a key begins). */
const readKeys = (machine: Machine, hidden: readonly string[]): string[] =>
  machine.files
    .list(folder)
    .filter((name) => /^ssh_host_.*key\.pub$/.test(name))
    .map((name) => (machine.files.readTextIfExists(`${folder}/${name}`) ?? '').trim())
    .filter((line) => line !== '' && !hidden.includes(line.split(/\s+/, 1)[0] ?? ''))

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** What a syslog line begins with: priority (user.info), time, program. Tools that read console logs know it. */
const syslogPrefix = (now: number): string => {
  const [, month = '1', day = '1', time = ''] = /^\d+-(\d+)-(\d+)T([\d:]+)/.exec(isoTime(now)) ?? []
  return `<14>${months[Number(month) - 1]} ${String(Number(day)).padStart(2)} ${time} cloud-init: `
}

/** The lines of `ssh-keygen -l`: bits, fingerprint, comment, type. */
const fingerprintBlock = async (machine: Machine, keys: readonly string[]): Promise<string> => {
  if (keys.length === 0) return ''
  // Keys that ssh-keygen can't read are left out of what it says.
  const { stdout } = await machine.ask(['ssh-keygen', '-l', '-f', '-'], {
    input: keys.map((key) => `${key}\n`).join(''),
    allowedExitCodes: 'any',
    timeoutSeconds: 60,
  })
  if (stdout.trim() === '') {
    machine.log.warning(`${folder}: none of the public host keys there is one that ssh-keygen can read`)
    return ''
  }
  const rule = '#'.repeat(61)
  const lines = [
    rule,
    '-----BEGIN SSH HOST KEY FINGERPRINTS-----',
    ...stdout.trim().split('\n'),
    '-----END SSH HOST KEY FINGERPRINTS-----',
    rule,
  ]
  const prefix = syslogPrefix(machine.clock.now())
  return lines.map((line) => `${prefix}${line}\n`).join('')
}

const keyBlock = (keys: readonly string[]): string =>
  keys.length === 0
    ? ''
    : ['-----BEGIN SSH HOST KEY KEYS-----', ...keys, '-----END SSH HOST KEY KEYS-----', ''].join('\n')

export default defineModule({
  id: 'keys_to_console',
  frequency: 'instance',
  distros: 'all',
  schema: {
    type: 'object',
    properties: {
      ssh: {
        type: 'object',
        additionalProperties: false,
        properties: {
          emit_keys_to_console: {
            type: 'boolean',
            default: true,
            description: 'Show the host keys and their fingerprints on the console.',
          },
        },
        required: ['emit_keys_to_console'],
      },
      ssh_key_console_blacklist: {
        type: 'array',
        default: [],
        items: { type: 'string' },
        uniqueItems: true,
        description: 'Types of key, such as `ssh-rsa`, that are not shown.',
      },
      ssh_fp_console_blacklist: {
        type: 'array',
        items: { type: 'string' },
        uniqueItems: true,
        description: 'Types of key, such as `ssh-rsa`, whose fingerprints are not shown.',
      },
    },
  } as const,
  title: 'Shows the SSH host keys on the console',
  description: 'Who can read the console over the cloud can then be sure to talk to this machine.',
  examples: [
    '#cloud-config\nssh:\n  emit_keys_to_console: false\n',
    '#cloud-config\nssh_key_console_blacklist: [ssh-rsa]\nssh_fp_console_blacklist: [ssh-rsa]\n',
  ],
  run: async (config, { machine }) => {
    if (config.ssh?.emit_keys_to_console === false) return
    const fingerprints = await fingerprintBlock(machine, readKeys(machine, config.ssh_fp_console_blacklist ?? []))
    const text = `${fingerprints}${keyBlock(readKeys(machine, config.ssh_key_console_blacklist ?? []))}`
    if (text !== '') writeToConsole(machine, text)
  },
})

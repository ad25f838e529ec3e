import { createHash, getHashes } from 'node:crypto'
import { defineModule, type ModuleContext } from '../../src/cloudconfig/module.ts'
import { type AuthorizedKeys, addAuthorizedKeys } from '../../src/distros/authorized-keys.ts'
import { readUserFlag, readUsers } from '../../src/distros/users-config.ts'
import { writeToConsole } from '../../src/machine/console.ts'
import { ConfigError, ItemsFailed, messageOf } from '../../src/machine/errors.ts'

/** Scripts that read the console log look for this. */
const prefix = 'ci-info: '

/** `ab:cd:...` of the key's bytes; `?` when the hash is unknown. */
export const fingerprint = (base64: string, hash: string): string => {
  if (!getHashes().includes(hash)) return '?'
  const digest = createHash(hash).update(Buffer.from(base64, 'base64')).digest('hex')
  return digest.match(/../g)?.join(':') ?? '?'
}

const centred = (text: string, width: number): string => {
  const padding = Math.max(0, width - text.length)
  const left = Math.floor(padding / 2)
  return `${'+'.repeat(left)}${text}${'+'.repeat(padding - left)}`
}

const table = async (user: string, { path, keys }: AuthorizedKeys, hash: string): Promise<string> => {
  const { default: Table } = await import('cli-table3')
  const edges = { top: '-', bottom: '-', left: '|', right: '|', mid: '-', middle: '|' }
  const corners = ['top', 'bottom', 'left', 'right'].flatMap((side) =>
    side === 'top' || side === 'bottom' ? [`${side}-mid`, `${side}-left`, `${side}-right`] : [`${side}-mid`],
  )
  const shown = new Table({
    head: ['Keytype', `Fingerprint (${hash})`, 'Options', 'Comment'],
    chars: { ...edges, ...Object.fromEntries(corners.map((corner) => [corner, '+'])), 'mid-mid': '+' },
    colAligns: ['center', 'center', 'center', 'center'],
    style: { head: [], border: [] },
  })
  for (const key of keys) {
    shown.push([key.type, fingerprint(key.base64, hash) || '-', key.options || '-', key.comment || '-'])
  }
  // A line between header and body, none between rows.
  const lines = shown.toString().split('\n')
  const rows = lines.filter((line, at) => !line.startsWith('+') || at === 0 || at === 2 || at === lines.length - 1)
  return [centred(`Authorized keys from ${path} for user ${user}`, rows[0]?.length ?? 0), ...rows]
    .map((line) => `${prefix}${line}\n`)
    .join('')
}

const describeUser = async (context: ModuleContext, user: string, hash: string): Promise<string> => {
  const { machine, distro } = context
  const account = distro.accounts.find(machine, user)
  if (account === undefined) throw new ConfigError(`user ${user}`, 'does not exist, so there are no keys to show')
  if (!machine.files.exists(account.home)) return ''
  // Every user gets the file, if only an empty one, so that scripts can add to it.
  const authorized = addAuthorizedKeys(machine, account, [])
  if (authorized.keys.length > 0) return table(user, authorized, hash)
  return `${prefix}no authorized SSH keys fingerprints found for user ${user}.\n`
}

export default defineModule({
  id: 'ssh_authkey_fingerprints',
  frequency: 'instance',
  distros: 'all',
  schema: {
    type: 'object',
    properties: {
      no_ssh_fingerprints: { type: 'boolean', default: false, description: 'Show nothing.' },
      authkey_hash: {
        type: 'string',
        default: 'sha256',
        description: 'The hash of the fingerprints, by its name in OpenSSL.',
      },
    },
  } as const,
  title: "Shows the fingerprints of the users' SSH keys on the console",
  examples: ['#cloud-config\nno_ssh_fingerprints: true\n', '#cloud-config\nauthkey_hash: sha512\n'],
  run: async ({ no_ssh_fingerprints: isOff = false, authkey_hash: hash = 'sha256' }, context) => {
    if (isOff) return
    const { machine, distro, cloudConfig } = context
    const failures: string[] = []
    const shown: string[] = []
    for (const { name, options } of readUsers(cloudConfig, distro).users) {
      const isHomeless = readUserFlag(options, 'no_create_home') || readUserFlag(options, 'system')
      if (isHomeless) continue
      try {
        shown.push(await describeUser(context, name, hash))
      } catch (error) {
        machine.log.error(messageOf(error))
        failures.push(messageOf(error))
      }
    }
    if (shown.some(Boolean)) writeToConsole(machine, shown.join(''))
    if (failures.length > 0) throw new ItemsFailed(failures)
  },
})

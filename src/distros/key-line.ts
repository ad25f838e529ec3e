/** One line of an authorized_keys file (sshd(8), AUTHORIZED_KEYS FILE FORMAT) that holds a key. */
export interface KeyLine {
  /** `no-pty,command="..."`; empty when there are none. */
  readonly options: string
  /** `ssh-ed25519` */
  readonly type: string
  readonly base64: string
  readonly comment: string
}

/** Public key types as OpenSSH names them, and the bare names that old systems wrote. */
const types = new Set([
  'rsa',
  'ecdsa',
  'ed25519',
  'ssh-rsa',
  'ssh-rsa-cert-v01@openssh.com',
  'ssh-ed25519',
  'ssh-ed25519-cert-v01@openssh.com',
  'ecdsa-sha2-nistp256',
  'ecdsa-sha2-nistp256-cert-v01@openssh.com',
  'ecdsa-sha2-nistp384',
  'ecdsa-sha2-nistp384-cert-v01@openssh.com',
  'ecdsa-sha2-nistp521',
  'ecdsa-sha2-nistp521-cert-v01@openssh.com',
  'sk-ssh-ed25519@openssh.com',
  'sk-ssh-ed25519-cert-v01@openssh.com',
  'sk-ecdsa-sha2-nistp256@openssh.com',
  'sk-ecdsa-sha2-nistp256-cert-v01@openssh.com',
  'ssh-xmss@openssh.com',
  'ssh-xmss-cert-v01@openssh.com',
])

const parseKey = (text: string, options: string): KeyLine | undefined => {
  const [, type = '', base64 = '', comment = ''] = /^(\S+)\s+(\S+)(?:\s+(.*))?$/.exec(text) ?? []
  return types.has(type) ? { options, type, base64, comment: comment.trim() } : undefined
}

/** Length of the options at the front: up to the first blank that is not in double quotes. */
const optionsLength = (line: string): number => {
  let isQuoted = false
  for (let at = 0; at < line.length; at += 1) {
    if (line[at] === '\\' && line[at + 1] === '"') at += 1
    else if (line[at] === '"') isQuoted = !isQuoted
    else if (!isQuoted && /\s/.test(line[at] ?? '')) return at
  }
  return line.length
}

/** @returns undefined for a comment, a blank line, or anything that is not a key */
export const parseKeyLine = (text: string): KeyLine | undefined => {
  const line = text.trim()
  if (line === '' || line.startsWith('#') || /[\n\r\0]/.test(line)) return undefined
  const bare = parseKey(line, '')
  if (bare !== undefined) return bare
  const end = optionsLength(line)
  return parseKey(line.slice(end).trimStart(), line.slice(0, end))
}

export const formatKeyLine = ({ options, type, base64, comment }: KeyLine): string =>
  [options, type, base64, comment].filter(Boolean).join(' ')

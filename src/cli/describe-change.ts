import type { Change } from '../machine/journal.ts'

const octal = (mode: number): string => mode.toString(8).padStart(4, '0')

/** One change in a line: `write   /etc/hostname (0644, 6 bytes)`. */
export const describeChange = (change: Change): string => {
  switch (change.kind) {
    case 'file':
      return `write   ${change.path} (${octal(change.mode)}, ${change.size} bytes)`
    case 'folder':
      return `folder  ${change.path} (${octal(change.mode)})`
    case 'link':
      return `link    ${change.path} -> ${change.target}`
    case 'remove':
      return `remove  ${change.path}`
    case 'rename':
      return `rename  ${change.path} -> ${change.target}`
    case 'attributes':
      return `set     ${change.path}${change.mode === undefined ? '' : ` mode ${octal(change.mode)}`}${change.owner === undefined ? '' : ` owner ${change.owner}`}`
    case 'command':
      return `run     ${change.argv.map(quoted).join(' ')}${change.exitCode ? ` (exit code ${change.exitCode})` : ''}`
  }
}

const quoted = (word: string): string => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`)

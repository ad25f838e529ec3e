import type { Files } from './files.ts'
import { joined } from './tree.ts'

/** Where commands are looked for when PATH is not set. */
export const defaultPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

const isExecutable = (files: Files, path: string): boolean => {
  try {
    const stat = files.stat(path)
    return stat?.type === 'file' && (stat.mode & 0o111) !== 0
  } catch {
    // A folder of PATH that may not be looked into is passed over, as shells do.
    return false
  }
}

/** Path of a command: as it is when it has a slash, else the first executable file of that name in `searchPath`. */
export const findCommand = (files: Files, command: string, searchPath: string): string | undefined => {
  if (command === '' || command.includes('\0')) return undefined
  if (command.includes('/')) return command.startsWith('/') && isExecutable(files, command) ? command : undefined
  for (const folder of searchPath.split(':')) {
    if (folder.startsWith('/') && isExecutable(files, joined(folder, command))) return joined(folder, command)
  }
  return undefined
}

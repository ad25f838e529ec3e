import type { Machine } from '../../src/machine/machine.ts'

export const usualFolders = [
  '/etc/chef',
  '/var/log/chef',
  '/var/lib/chef',
  '/var/chef/cache',
  '/var/chef/backup',
  '/var/run/chef',
]

/** Where cache and backups once were, and where they are now. */
const moved: readonly (readonly [string, string])[] = [
  ['/var/cache/chef', '/var/chef/cache'],
  ['/var/backups/chef', '/var/chef/backup'],
]

/** Moves what an older Chef left behind; what is there under its new name stays. */
export const moveOldFolders = ({ files, log }: Machine): void => {
  for (const [from, to] of moved) {
    const names = files.list(from)
    if (names.length > 0) files.makeFolder(to)
    for (const name of names) {
      if (files.linkStat(`${to}/${name}`) !== undefined) log.debug(`chef: ${from}/${name} stays: ${to} has one, too`)
      else files.rename(`${from}/${name}`, `${to}/${name}`)
    }
  }
}

/** Folder of a file, when its path is absolute and not in the root folder. */
export const folderOf = (path: string | undefined): string[] => {
  const folder = path?.startsWith('/') ? path.slice(0, path.lastIndexOf('/')) : ''
  return folder === '' ? [] : [folder]
}

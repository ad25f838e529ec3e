import type { Account } from '../../src/distros/distro.ts'
import type { Machine } from '../../src/machine/machine.ts'

/** Where useradd takes a new home folder's files from (useradd(8), SKEL). */
const skeletonOf = ({ files }: Machine): string =>
  /^SKEL=(\/\S+)$/m.exec(files.readTextIfExists('/etc/default/useradd') ?? '')?.[1] ?? '/etc/skel'

/**
 * Copies into a home folder what useradd would have, where a power cut left less: useradd does not wait for the disk, so a
 * file may be missing or without its content. What has content is left alone, and so is what lies behind a link.
 * @throws FileError
 */
export const completeHome = (machine: Machine, account: Account): void => {
  const { files } = machine
  const owner = { userId: account.userId, groupId: account.groupId }
  const copy = (source: string, target: string): void => {
    const [wanted, there] = [files.linkStat(source), files.linkStat(target)]
    const isMissing = there === undefined
    if (wanted?.type === 'folder') {
      if (isMissing) files.makeFolder(target, { mode: wanted.mode, owner })
      if (isMissing || there.type === 'folder') copyAll(source, target)
    } else if (wanted?.type === 'file') {
      if (isMissing || (there.type === 'file' && there.size === 0 && wanted.size > 0))
        files.write(target, files.readBytes(source), { mode: wanted.mode, owner })
    } else if (wanted?.type === 'link' && isMissing) {
      files.symlink(files.readLink(source) ?? '', target)
      files.setOwner(target, owner)
    }
  }
  const copyAll = (source: string, target: string): void => {
    for (const name of files.list(source)) copy(`${source}/${name}`, `${target}/${name}`)
  }
  if (files.linkStat(account.home)?.type === 'folder') copyAll(skeletonOf(machine), account.home)
}

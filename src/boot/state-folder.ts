import type { Paths } from '../instance/paths.ts'
import { messageOf } from '../machine/errors.ts'
import type { Log } from '../machine/log.ts'
import type { Machine } from '../machine/machine.ts'

/** Larger files of the state are not copied into memory. Bytes. */
const largestCopied = 16 * 1024 * 1024

/**
 * Where this boot keeps its state: `paths.cloud`, or, when that can't be written (a full disk, a read-only root), a copy
 * of it below `/run`, so that the rest of the boot does not notice. What an earlier stage of this boot has chosen stays.
 */
export const withWritableState = (machine: Machine, paths: Paths, log: Log): Paths => {
  const inRun = { ...paths, cloud: `${paths.run}/state` }
  if (machine.files.exists(inRun.cloud)) return inRun
  const problem = problemOfWriting(machine, paths.cloud)
  if (problem === undefined) return paths
  if (problemOfWriting(machine, inRun.cloud) !== undefined) {
    log.error(`this boot keeps no state, and all is done again at the next: ${problem}`)
    return paths
  }
  copyBelow(machine, paths, inRun, '', log)
  log.error(`the state of this boot is in ${inRun.cloud}, for this boot only: ${problem}`)
  return inRun
}

/** A file with content: on a full disk an empty one can often still be made. */
const problemOfWriting = ({ files }: Machine, folder: string): string | undefined => {
  const probe = `${folder}/data/writable`
  try {
    files.write(probe, 'yes\n')
    files.remove(probe)
    return undefined
  } catch (error) {
    return messageOf(error)
  }
}

const copyBelow = (machine: Machine, from: Paths, to: Paths, below: string, log: Log): void => {
  const { files } = machine
  for (const name of files.list(`${from.cloud}${below}`)) {
    const path = `${below}/${name}`
    try {
      copyOne(machine, from, to, path, log)
    } catch (error) {
      log.warning(`${from.cloud}${path} is not copied: ${messageOf(error)}`)
    }
  }
}

const copyOne = (machine: Machine, from: Paths, to: Paths, path: string, log: Log): void => {
  const { files } = machine
  const [source, goal] = [`${from.cloud}${path}`, `${to.cloud}${path}`]
  const link = files.readLink(source)
  // The link to the present instance is absolute.
  if (link !== undefined) files.symlink(link.replace(`${from.cloud}/`, `${to.cloud}/`), goal)
  const stat = link === undefined ? files.stat(source) : undefined
  if (stat === undefined) return
  const attributes = { mode: stat.mode, owner: { userId: stat.userId, groupId: stat.groupId } }
  if (stat.type === 'folder') {
    files.makeFolder(goal, attributes)
    copyBelow(machine, from, to, path, log)
  }
  if (stat.type === 'file') files.write(goal, files.readBytes(source, largestCopied), attributes)
}

import { messageOf } from '../machine/errors.ts'
import type { FileStat, Owner, WriteOptions } from '../machine/files.ts'
import type { Machine } from '../machine/machine.ts'
import { linkFileName, linkFolder } from './link-files.ts'
import type { RenderedFile } from './render/renderer.ts'

/** What one write or removal takes back. */
type Undo = () => unknown

export interface WrittenFiles {
  /** Nothing was written or removed: all was as wanted. */
  readonly isUnchanged: boolean
  /** Puts back what was there before. Never throws; what can't be put back is logged. */
  undo(): void
}

/**
 * Writes files and removes what earlier configurations left: all of it or, where one can't be written, nothing.
 * @throws FileError
 */
export const writeFiles = (machine: Machine, files: readonly RenderedFile[]): WrittenFiles => {
  const undos: Undo[] = []
  const undo = (): void => {
    for (const step of undos.reverse()) {
      try {
        step()
      } catch (error) {
        machine.log.error(`the network configuration can't be put back as it was: ${messageOf(error)}`)
      }
    }
  }
  try {
    for (const file of files) undos.push(...writeFile(machine, file))
    for (const path of staleFiles(machine, files)) undos.push(...removeFile(machine, path))
  } catch (error) {
    undo()
    throw error
  }
  return { isUnchanged: undos.length === 0, undo }
}

/** Files in these folders with these names are ours alone: what is not wanted any more must not configure anything. */
const ownNames: readonly (readonly [folder: string, name: RegExp])[] = [
  ['/etc/systemd/network', /^10-cloud-init-.*\.(network|netdev)$/],
  [linkFolder, linkFileName],
  ['/etc/NetworkManager/system-connections', /^cloud-init-.*\.nmconnection$/],
]

/** Paths that an earlier configuration left, for this renderer or another. */
export const staleFiles = (machine: Machine, files: readonly RenderedFile[]): string[] => {
  const wanted = new Set(files.map(({ path }) => path))
  return ownNames.flatMap(([folder, name]) =>
    machine.files
      .list(folder)
      .filter((file) => name.test(file) && !wanted.has(`${folder}/${file}`))
      .map((file) => `${folder}/${file}`),
  )
}

const writeFile = (machine: Machine, { path, content, mode, owner }: RenderedFile): Undo[] => {
  const { files } = machine
  const before = files.readTextIfExists(path)
  const stat = files.stat(path)
  const ids = owner === undefined ? undefined : ownerOf(machine, owner)
  files.write(path, content, { mode, ...(ids && { owner: ids }) })
  if (before === content) return []
  return [
    () => (before === undefined || stat === undefined ? files.remove(path) : files.write(path, before, asWas(stat))),
  ]
}

const removeFile = (machine: Machine, path: string): Undo[] => {
  const { files } = machine
  const [before, stat] = [files.readBytesIfExists(path), files.stat(path)]
  files.remove(path)
  return [() => before !== undefined && stat !== undefined && files.write(path, before, asWas(stat))]
}

const asWas = ({ mode, userId, groupId }: FileStat): WriteOptions => ({ mode, owner: { userId, groupId } })

/** passwd(5); undefined when there is no such user. */
const ownerOf = (machine: Machine, name: string): Owner | undefined => {
  const line = machine.files
    .readTextIfExists('/etc/passwd')
    ?.split('\n')
    .find((entry) => entry.startsWith(`${name}:`))
  const [, , userId, groupId] = line?.split(':') ?? []
  return userId === undefined || groupId === undefined
    ? undefined
    : { userId: Number(userId), groupId: Number(groupId) }
}

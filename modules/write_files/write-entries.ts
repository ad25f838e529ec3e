import type { ModuleContext } from '../../src/cloudconfig/module.ts'
import type { Distro } from '../../src/distros/distro.ts'
import { type AppendLog, appendLog } from '../../src/machine/append-log.ts'
import { contentEncoding, decodeContent } from '../../src/machine/content-encoding.ts'
import { ConfigError, ItemsFailed, messageOf } from '../../src/machine/errors.ts'
import type { Owner } from '../../src/machine/files.ts'
import { requestWithRetries } from '../../src/machine/http-retry.ts'
import type { Machine } from '../../src/machine/machine.ts'
import type { FileEntry } from './entries.ts'
import { findOwner, type OwnerNumbers } from './owner.ts'

const retries = 3
const secondsBetween = 3

/** Writes the entries, in order; one that fails is reported and does not stop the others. @throws ItemsFailed */
export const writeEntries = async (
  context: ModuleContext,
  entries: readonly FileEntry[],
  id: string,
): Promise<void> => {
  const { machine, instance } = context
  const mark = `${instance.folder}/sem/config_${id}`
  const appended = appendLog(machine, `${instance.folder}/${id}-appended.json`, mark)
  const failures: string[] = []
  for (const entry of entries) {
    try {
      await writeEntry(context, entry, appended)
    } catch (error) {
      const line = `${entry.name}: ${messageOf(error)}`
      machine.log.error(line)
      failures.push(line)
    }
  }
  context.afterMark(appended.finish)
  if (failures.length > 0) throw new ItemsFailed(failures)
}

const writeEntry = async ({ machine, distro }: ModuleContext, entry: FileEntry, appended: AppendLog): Promise<void> => {
  const path = absolutePath(entry)
  const content = await contentOf(machine, entry)
  if (content === undefined) return
  const wanted = ownerOrFolders(machine, distro, entry, path)
  makeFolders(machine, path, wanted)

  if (!entry.append) {
    machine.files.write(path, content, { mode: entry.mode, owner: ownerOf(machine, path, wanted) })
    return
  }
  appended.append(`${entry.index} ${path}`, path, content, () =>
    machine.files.append(path, content, { mode: entry.mode, owner: ownerOf(machine, path, wanted) }),
  )
  settle(machine, path, entry.mode, ownerOf(machine, path, wanted))
}

/** The folders come to be also when the owner does not exist (root's, then), as they do in cloud-init. @throws ConfigError */
const ownerOrFolders = (machine: Machine, distro: Distro, { owner }: FileEntry, path: string): OwnerNumbers => {
  try {
    return findOwner(machine, distro, owner, 'owner')
  } catch (error) {
    makeFolders(machine, path, { userId: 0, groupId: 0 })
    throw error
  }
}

/** A file that was there before the append may have another owner and mode. The owner first: chown(2) clears set-id bits. */
const settle = (machine: Machine, path: string, mode: number, owner: Owner): void => {
  const present = machine.files.stat(path)
  const isOwner = present?.userId === owner.userId && present.groupId === owner.groupId
  if (!isOwner) machine.files.setOwner(path, owner)
  if (!isOwner || present.mode !== mode) machine.files.setMode(path, mode)
}

/** @throws ConfigError for a path that is not absolute: which folder was meant can't be known. */
const absolutePath = ({ path }: FileEntry): string => {
  if (!path.startsWith('/')) throw new ConfigError('path', 'it must be absolute; the file is not written')
  const parts: string[] = []
  for (const part of path.split('/')) {
    if (part === '..') parts.pop()
    else if (part !== '' && part !== '.') parts.push(part)
  }
  return `/${parts.join('/')}`
}

/** Makes the folders above a path that are not there, each with its owner from the beginning. */
const makeFolders = (machine: Machine, path: string, wanted: OwnerNumbers): void => {
  const missing: string[] = []
  let folder = path.slice(0, path.lastIndexOf('/'))
  while (folder !== '' && !machine.files.exists(folder)) {
    missing.unshift(folder)
    folder = folder.slice(0, folder.lastIndexOf('/'))
  }
  for (const one of missing) machine.files.makeFolder(one, { owner: ownerOf(machine, one, wanted) })
}

/** What `owner` leaves open stays as it is, or root's. */
const ownerOf = (machine: Machine, path: string, wanted: OwnerNumbers): Owner => {
  const present = machine.files.stat(path)
  return {
    userId: wanted.userId ?? present?.userId ?? 0,
    groupId: wanted.groupId ?? present?.groupId ?? 0,
  }
}

/**
 * undefined: the source can't be read, which is reported, and there is no content to take instead.
 * @throws ConfigError when the content is no text, or not encoded as it says
 */
const contentOf = async (machine: Machine, entry: FileEntry): Promise<Uint8Array | undefined> => {
  if (entry.source !== undefined) {
    try {
      return await fetchSource(machine, entry.source)
    } catch (error) {
      const instead = entry.content === undefined ? 'the file is not written' : 'content is taken'
      machine.log.warning(`${entry.name}: source can't be read, so ${instead}: ${messageOf(error)}`)
      if (entry.content === undefined) return undefined
    }
  }
  if (entry.content === null) throw new ConfigError('content', 'it is no text; put it in quotes, or after a |')
  try {
    return decodeContent(entry.content ?? '', contentEncoding(entry.encoding) ?? 'plain')
  } catch (error) {
    throw new ConfigError('content', `it is not ${entry.encoding}: ${messageOf(error)}`)
  }
}

const fetchSource = async (
  machine: Machine,
  { uri, headers }: NonNullable<FileEntry['source']>,
): Promise<Uint8Array> => {
  const file = /^(?:file:(?:\/\/)?)?(\/.*)$/i.exec(uri)?.[1]
  if (file !== undefined) return machine.files.readBytes(file)
  const response = await requestWithRetries(machine, { url: uri, headers }, { retries, secondsBetween })
  return response.body
}

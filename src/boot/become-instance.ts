import { writeInjectedFiles } from '../instance/injected-files.ts'
import { type CachedInstance, nothingWritten, writeCachedInstance } from '../instance/instance-cache.ts'
import { instanceFolder, instanceLink, type Paths } from '../instance/paths.ts'
import type { Machine } from '../machine/machine.ts'
import { makeInstanceFolders } from './folders.ts'
import type { PendingMarks } from './semaphores.ts'

/** There while what the instance's first boot writes before its modules run may not be on the disk. */
export const takingUpNote = (paths: Paths, id: string): string => `${instanceFolder(paths, id)}/take-up.unfinished`

/** Network and files of the instance are written: with the marks that are set next they are on the disk for certain. */
export const finishTakingUp = (
  { files }: Machine,
  paths: Paths,
  { data }: CachedInstance,
  marks: PendingMarks,
): void => {
  const note = takingUpNote(paths, data.instanceId)
  if (files.exists(note)) marks.addStep('taking up the instance', () => files.remove(note))
}

/**
 * Makes `cached` the present instance: its folder, the link to it, and the notes about the one before. The note of the
 * instance id comes last, so that a boot that is cut off in here still sees a new instance the next time.
 * @returns true when this is another instance than at the boot before.
 */
export const becomeInstance = (
  machine: Machine,
  paths: Paths,
  cached: CachedInstance,
  description: string,
): boolean => {
  const id = cached.data.instanceId
  const folder = instanceFolder(paths, id)
  const data = `${paths.cloud}/data`
  makeInstanceFolders(machine, folder)
  writeCachedInstance(machine, paths, cached)
  const link = instanceLink(paths)
  if (machine.files.readLink(link) !== folder) machine.files.symlink(folder, link)

  const noteIn = (path: string): string | undefined => {
    const text = machine.files.readTextIfExists(path)
    return text === undefined || nothingWritten.test(text) ? undefined : text
  }
  const previous = noteIn(`${data}/instance-id`)?.trim()
  const note = takingUpNote(paths, id)
  const wasCutOff = previous === id && machine.files.exists(note)
  if (wasCutOff) machine.log.info(`the first boot of ${id} was cut off; what it left undone is done now`)
  if (previous !== id) machine.files.write(note, '')
  if (previous !== id || wasCutOff) writeInjectedFiles(machine, cached.data)
  const line = `DataSource${cached.datasource}: ${description}\n`
  machine.files.write(`${data}/previous-datasource`, noteIn(`${folder}/datasource`) ?? line)
  machine.files.write(`${folder}/datasource`, line)
  machine.files.write(`${data}/previous-instance-id`, `${previous ?? 'NO_PREVIOUS_INSTANCE_ID'}\n`)
  machine.files.write(`${paths.run}/.instance-id`, `${id}\n`)
  machine.files.write(`${data}/instance-id`, `${id}\n`)
  return previous !== id
}

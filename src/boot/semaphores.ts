import type { Frequency } from '../cloudconfig/module.ts'
import { instanceLink, type Paths } from '../instance/paths.ts'
import type { Machine } from '../machine/machine.ts'

/**
 * Run-once marks, with cloud-init's places and names: `<instance>/sem/config_<module>` once per instance,
 * `<cloud>/sem/config_<module>.once` once in the life of the image.
 *
 * A mark is set when the work has been done, not before: a boot that is cut off in the middle does that work again.
 */
export const semaphorePath = (paths: Paths, name: string, frequency: Frequency): string | undefined => {
  if (frequency === 'always') return undefined
  return frequency === 'once' ? `${paths.cloud}/sem/${name}.once` : `${instanceLink(paths)}/sem/${name}`
}

/** True when `name` has run as often as its frequency allows. */
export const hasRun = (machine: Machine, paths: Paths, name: string, frequency: Frequency): boolean => {
  const path = semaphorePath(paths, name, frequency)
  return path !== undefined && machine.files.exists(path)
}

/**
 * Remembers that `name` has run. What it wrote is on the disk before the mark is: a power cut never leaves a mark alone.
 * @param firstChange where its changes begin in the journal; without any there is nothing to wait for
 */
export const markRun = (
  machine: Machine,
  paths: Paths,
  name: string,
  frequency: Frequency,
  firstChange: number,
): void => {
  const path = semaphorePath(paths, name, frequency)
  if (path === undefined) return
  if (machine.journal.entries.length > firstChange) machine.files.flush()
  machine.files.write(path, `${machine.clock.now() / 1000}\n`)
}

import { messageOf } from '../machine/errors.ts'
import type { Machine } from '../machine/machine.ts'
import type { InstanceData } from './instance-data.ts'

/**
 * Writes the files that the cloud wants on a new instance (OpenStack's personality files), readable by root and its group
 * only. One that can't be written is logged; the others are written all the same.
 */
export const writeInjectedFiles = (machine: Machine, { injectedFiles = {} }: InstanceData): void => {
  for (const [path, content] of Object.entries(injectedFiles)) {
    try {
      machine.files.write(path, content, { mode: 0o660 })
    } catch (error) {
      machine.log.warning(`a file that the cloud wants here is missing now: ${messageOf(error)}`)
    }
  }
}

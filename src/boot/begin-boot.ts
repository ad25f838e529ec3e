import { instanceLink } from '../instance/paths.ts'
import type { Boot } from './boot.ts'
import { forgetChanges } from './changes.ts'
import { makeFolders } from './folders.ts'
import { clearStatus } from './status.ts'

/** A new boot begins: what the last one left to say how it went is removed. Its results stay. */
export const beginBoot = (boot: Boot): void => {
  const { machine, paths } = boot
  makeFolders(machine, paths)
  clearStatus(machine, paths)
  forgetChanges(machine, paths)
  machine.files.remove(`${instanceLink(paths)}/boot-finished`)
}

import type { Paths } from '../instance/paths.ts'
import type { Machine } from '../machine/machine.ts'

/** The folders that users put scripts and seeds in, and that the stages count on. */
export const makeFolders = (machine: Machine, paths: Paths): void => {
  const inCloud = [
    'data',
    'handlers',
    'instances',
    'seed',
    'sem',
    'scripts/per-boot',
    'scripts/per-instance',
    'scripts/per-once',
    'scripts/vendor',
  ]
  for (const folder of inCloud) makeIfMissing(machine, `${paths.cloud}/${folder}`)
  makeIfMissing(machine, paths.run)
}

/** The folders of one instance. */
export const makeInstanceFolders = (machine: Machine, folder: string): void => {
  for (const name of ['', '/handlers', '/scripts', '/sem']) makeIfMissing(machine, `${folder}${name}`)
}

const makeIfMissing = (machine: Machine, folder: string): void => {
  if (!machine.files.exists(folder)) machine.files.makeFolder(folder, { mode: 0o755 })
}

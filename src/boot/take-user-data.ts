import { reportUnknownKeys } from '../cloudconfig/accept.ts'
import { readConfigFile } from '../cloudconfig/read-config.ts'
import type { CachedInstance } from '../instance/instance-cache.ts'
import { instanceFolder } from '../instance/paths.ts'
import { messageOf } from '../machine/errors.ts'
import { consumeUserData } from '../userdata/consume.ts'
import type { Boot } from './boot.ts'
import { sayOnce } from './findings.ts'
import { hasRun, type PendingMarks } from './semaphores.ts'

/** The run-once mark of the first time an instance's user-data was taken. */
const mark = 'consume_data'

/**
 * Takes user-data and vendor-data apart into the instance's folder. This happens at every boot: what is there already
 * stays as it is. That it has been taken is noted down in `marks`.
 * @returns a line per failure that left something undone
 */
export const takeUserData = async (boot: Boot, cached: CachedInstance, marks: PendingMarks): Promise<string[]> => {
  const { machine, paths, base } = boot
  try {
    const isNew = !hasRun(machine, paths, mark, 'instance')
    await consumeUserData(machine.as('user-data'), { paths, data: cached.data, base, isNew })
    if (isNew) marks.add(mark, 'instance')
    await reportUnknown(boot, cached)
    return []
  } catch (error) {
    return [`user-data was not taken: ${messageOf(error)}`]
  }
}

const reportUnknown = async (boot: Boot, { data }: CachedInstance): Promise<void> => {
  const file = `${instanceFolder(boot.paths, data.instanceId)}/cloud-config.txt`
  const config = await readConfigFile({ ...boot.machine, log: sayOnce(boot, boot.machine.log) }, file)
  if (typeof config === 'object') await reportUnknownKeys(config, 'user-data', boot.machine.log)
}

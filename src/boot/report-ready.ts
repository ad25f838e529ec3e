import type { CachedInstance } from '../instance/instance-cache.ts'
import { messageOf } from '../machine/errors.ts'
import type { Boot } from './boot.ts'
import { datasourceContext, loadDatasource } from './find-instance.ts'

/** Tells the platform that the machine is provisioned, where it wants to know. Failing is logged and tolerated. */
export const reportReady = async (boot: Boot, cached: CachedInstance | undefined): Promise<void> => {
  const datasource = cached && (await loadDatasource(cached.datasource))
  if (!cached || !datasource?.ready) return
  const context = await datasourceContext(boot, cached.datasource, 'network', cached)
  try {
    await datasource.ready(context, { success: true })
  } catch (error) {
    boot.machine.log.warning(`${cached.datasource} can't be told that this machine is ready: ${messageOf(error)}`)
  }
}

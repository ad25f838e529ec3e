import type { CachedInstance } from '../instance/instance-cache.ts'
import { messageOf } from '../machine/errors.ts'
import { announceNetwork } from './announce-network.ts'
import { awaitNetwork, whyModulesNeedNetwork, whyUserDataNeedsNetwork } from './await-network.ts'
import { becomeInstance, finishTakingUp } from './become-instance.ts'
import { beginBoot } from './begin-boot.ts'
import type { Boot } from './boot.ts'
import { keepChanges } from './changes.ts'
import { configureNetwork } from './configure-network.ts'
import { earlyHostname } from './early-hostname.ts'
import { effectiveConfig, type StageConfig } from './effective-config.ts'
import { findInstance, manualCleanMark } from './find-instance.ts'
import { sayOnce } from './findings.ts'
import { asInstance, currentInstance, describeDatasource, deviceFinder, hostKeyPublisher } from './load-instance.ts'
import { readModuleList } from './module-list.ts'
import { publishCombinedConfig, publishInstanceData } from './publish-instance-data.ts'
import { reportReady } from './report-ready.ts'
import { runModules } from './run-modules.ts'
import { runStage, type StageOutcome, type StageReport } from './run-stage.ts'
import { pendingMarks } from './semaphores.ts'
import { emptyStatus, readStatus, type StageName, writeResult } from './status.ts'
import { takeUserData } from './take-user-data.ts'

/** Before the network: a disk, or a cloud that hands out a temporary lease, may already say who this machine is. */
const localStage = async (boot: Boot): Promise<StageReport> => {
  const cached = await findInstance(boot, 'local')
  if (!cached) {
    boot.machine.log.info('no datasource answered without the network; it is looked for again when the network is up')
    return { errors: await configureNetwork(boot, undefined, { bringsUp: false }) }
  }
  await takeUp(boot, cached)
  const errors = await configureNetwork(boot, cached, { bringsUp: false })
  return { errors, datasource: describeDatasource(cached) }
}

/** With the network: whoever is left is asked, user-data is taken, and the first modules run. */
const networkStage = async (boot: Boot): Promise<StageReport> => {
  const known = currentInstance(boot)
  const early = known ? whyUserDataNeedsNetwork(known) : 'no datasource answered without it'
  if (early !== undefined) await awaitNetwork(boot, early)
  const cached = known ?? (await findInstance(boot, 'network'))
  if (!cached) return { errors: ['no datasource is configured: check datasource_list in /etc/cloud/cloud.cfg'] }
  const errors: string[] = []
  if (!known) {
    await takeUp(boot, cached)
    errors.push(...(await configureNetwork(boot, cached, { bringsUp: true })))
  }
  const marks = pendingMarks(boot.machine, boot.paths)
  finishTakingUp(boot.machine, boot.paths, cached, marks)
  errors.push(...(await takeUserData(boot, cached, marks)))
  const config = await effectiveConfig(boot, cached)
  publishCombinedConfig(boot, config.combined)
  const late = early === undefined ? await whyModulesNeedNetwork(boot, cached, config.cloudConfig) : undefined
  if (late !== undefined) await awaitNetwork(boot, late)
  const failures = await runModulesOf(boot, cached, config, 'init', marks)
  markManualClean(boot, config)
  return { errors: [...errors, ...failures], datasource: describeDatasource(cached) }
}

/** `manual_cache_clean`: the instance is kept at later boots, whatever the datasource says, until `clean`. */
const markManualClean = (boot: Boot, { cloudConfig }: StageConfig): void => {
  const mark = manualCleanMark(boot.paths)
  tolerate(boot, 'note manual_cache_clean', () => {
    if (cloudConfig['manual_cache_clean'] === true) boot.machine.files.write(mark, '')
    else boot.machine.files.remove(mark)
  })
}

/** Makes this the instance, tells it to templates and scripts, and gives the machine its name. */
const takeUp = async (boot: Boot, cached: CachedInstance): Promise<void> => {
  boot.memory.instance = cached
  tolerate(boot, 'note the instance', () =>
    becomeInstance(boot.machine, boot.paths, cached, describeDatasource(cached)),
  )
  await publishInstanceData(boot, cached)
  await earlyHostname(boot, cached)
}

const configStage = async (boot: Boot): Promise<StageReport> => {
  // Now, because the stage before may have begun without the network.
  await announceNetwork(boot.machine)
  return laterStage(boot, 'modules-config')
}

const finalStage = async (boot: Boot): Promise<StageReport> => {
  const report = await laterStage(boot, 'modules-final')
  await reportReady(boot, currentInstance(boot))
  return report
}

const laterStage = async (boot: Boot, stage: ModuleStage): Promise<StageReport> => {
  const cached = currentInstance(boot)
  if (!cached) return { errors: [`there is no instance yet: run 'init' before the stage ${stage}`] }
  return { errors: await runModulesOf(boot, cached, await effectiveConfig(boot, cached), stage) }
}

/** Where the configuration lists the modules of a stage. */
const moduleLists = {
  init: 'cloud_init_modules',
  'modules-config': 'cloud_config_modules',
  'modules-final': 'cloud_final_modules',
} as const satisfies Partial<Record<StageName, string>>

type ModuleStage = keyof typeof moduleLists

const runModulesOf = (
  boot: Boot,
  cached: CachedInstance,
  { cloudConfig, distro }: StageConfig,
  stage: ModuleStage,
  marks = pendingMarks(boot.machine, boot.paths),
): Promise<string[]> =>
  runModules(
    {
      machine: boot.machine,
      paths: boot.paths,
      distro,
      instance: asInstance(boot, cached),
      cloudConfig,
      stage,
      progress: boot.progress,
      once: (log) => sayOnce(boot, log),
      publishHostKeys: hostKeyPublisher(boot, cached),
      cloudDevice: deviceFinder(boot, cached),
      marks,
    },
    readModuleList(cloudConfig, moduleLists[stage], boot.machine.log),
  )

const work: Readonly<Record<StageName, (boot: Boot) => Promise<StageReport>>> = {
  'init-local': localStage,
  init: networkStage,
  'modules-config': configStage,
  'modules-final': finalStage,
}

/** Runs one stage of the boot. Never throws: what goes wrong is in the outcome, in the log and in status.json. */
export const runBootStage = async (boot: Boot, name: StageName): Promise<StageOutcome> => {
  const firstChange = boot.machine.journal.entries.length
  if (name === 'init-local') tolerate(boot, 'begin the boot', () => beginBoot(boot))
  const outcome = await runStage(boot, name, work[name])
  tolerate(boot, 'record the changes', () => keepChanges(boot.machine, boot.paths, firstChange))
  if (name === 'modules-final') {
    const status = readStatus(boot.machine, boot.paths) ?? emptyStatus()
    tolerate(boot, 'write result.json', () => writeResult(boot.machine, boot.paths, status))
  }
  return outcome
}

/** Bookkeeping that a full disk or a read-only root makes impossible is reported and must not end the boot. */
const tolerate = (boot: Boot, what: string, attempt: () => void): void => {
  try {
    attempt()
  } catch (error) {
    boot.machine.log.warning(`cannot ${what}: ${messageOf(error)}`)
  }
}

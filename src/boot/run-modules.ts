import { modules } from '../../modules/index.ts'
import { acceptConfig } from '../cloudconfig/accept.ts'
import type { ConfigModule, Frequency, ModuleContext } from '../cloudconfig/module.ts'
import type { Distro } from '../distros/distro.ts'
import type { Instance } from '../instance/instance.ts'
import type { Paths } from '../instance/paths.ts'
import { ItemsFailed, messageOf } from '../machine/errors.ts'
import type { JsonObject } from '../machine/json.ts'
import type { Log } from '../machine/log.ts'
import type { Machine } from '../machine/machine.ts'
import type { ModuleEntry } from './module-list.ts'
import type { Progress } from './progress.ts'
import { hasRun, moduleMark, type PendingMarks } from './semaphores.ts'

/** What the modules of a stage share. */
export interface ModuleRun {
  readonly machine: Machine
  readonly paths: Paths
  readonly distro: Distro
  readonly instance: Instance
  readonly cloudConfig: JsonObject
  /** `init`, `modules-config`, `modules-final`; for progress only. */
  readonly stage: string
  readonly progress: Progress
  /** The log for what is wrong with the configuration: it says each thing once. */
  once(log: Log): Log
  publishHostKeys(keys: readonly string[]): Promise<void>
  readonly cloudDevice?: (name: string) => Promise<string | undefined>
  /** Where modules are noted down as done. */
  readonly marks: PendingMarks
}

/** Here users' own scripts run: what has run is noted down at once, not with the others at the end of the stage. */
const finalStage = 'modules-final'

/**
 * Runs modules one after another, in order. A module that fails, whatever it throws, never stops the others.
 * @returns a line per failed module: `name: what went wrong`.
 */
export const runModules = async (run: ModuleRun, entries: readonly ModuleEntry[]): Promise<string[]> => {
  const failures: string[] = []
  for (const entry of entries) {
    const failure = await runEntry(run, entry)
    if (failure !== undefined) failures.push(inTheNameOf(entry, failure))
    if (run.stage === finalStage) await run.marks.set()
  }
  await run.marks.set()
  return failures
}

const runEntry = async (run: ModuleRun, entry: ModuleEntry): Promise<string | undefined> => {
  try {
    const module = await loadModule(run, entry)
    return module && (await runOne(run, entry, module))
  } catch (error) {
    // Not the module itself: its mark can't be looked at (a disk with errors), or its code is not there.
    run.machine.log.error(inTheNameOf(entry, messageOf(error)))
    return messageOf(error)
  }
}

/** Many modules have the name of the key that they are about. */
const inTheNameOf = ({ id }: ModuleEntry, problem: string): string =>
  problem.startsWith(`${id}:`) ? problem : `${id}: ${problem}`

const loadModule = async (run: ModuleRun, entry: ModuleEntry): Promise<ConfigModule | undefined> => {
  const load = Object.hasOwn(modules, entry.id) ? modules[entry.id] : undefined
  if (load) return load()
  run.machine.log.warning(
    `no config module is named ${entry.id}; correct or remove it in the module lists of cloud.cfg`,
  )
  return undefined
}

const runOne = async (run: ModuleRun, entry: ModuleEntry, module: ConfigModule): Promise<string | undefined> => {
  const { machine, progress, stage } = run
  const event = { type: 'module', stage, module: entry.id } as const
  const frequency = entry.frequency ?? module.frequency
  const reason = reasonToSkip(run, module, frequency)
  if (reason !== undefined) {
    machine.log.debug(`${entry.id} is skipped: ${reason}`)
    progress({ ...event, state: 'skipped', message: reason })
    return undefined
  }
  progress({ ...event, state: 'start' })
  const started = machine.clock.monotonic()
  const steps: (() => void)[] = []
  const failure = await attempt(run, entry, module, steps)
  const seconds = (machine.clock.monotonic() - started) / 1000
  run.marks.add(moduleMark(module.id), frequency, () => finish(steps))
  machine.log.debug(`${entry.id} took ${seconds.toFixed(3)} s`)
  if (failure === undefined) {
    progress({ ...event, state: 'done', seconds })
    return undefined
  }
  if (!failure.isLogged) machine.log.error(inTheNameOf(entry, failure.message))
  progress({ ...event, state: 'failed', seconds, message: failure.message })
  return failure.message
}

/** Why a module does not run now; undefined when it does. */
const reasonToSkip = (run: ModuleRun, module: ConfigModule, frequency: Frequency): string | undefined => {
  const { machine, paths, distro, cloudConfig } = run
  if (module.activateBy && !module.activateBy.some((key) => key in cloudConfig))
    return 'nothing in the configuration asks for it'
  if (!runsOn(module, distro, cloudConfig)) return `it is not for ${distro.id}`
  const mark = moduleMark(module.id)
  if (run.marks.has(mark, frequency) || hasRun(machine, paths, mark, frequency)) {
    return frequency === 'once' ? 'it has run once on this image' : 'it has run for this instance'
  }
  return undefined
}

/** `unverified_modules` in the configuration lets a module run on a distribution it does not name. */
const runsOn = (module: ConfigModule, distro: Distro, cloudConfig: JsonObject): boolean => {
  if (module.distros === 'all' || module.distros.includes(distro.id)) return true
  const unverified = cloudConfig['unverified_modules']
  return Array.isArray(unverified) && unverified.includes(module.id)
}

/**
 * Runs one module outside of the lists: whatever its mark says, and without setting it.
 * @returns what went wrong, or undefined
 */
export const runModule = async (run: ModuleRun, entry: ModuleEntry): Promise<string | undefined> => {
  const module = await loadModule(run, entry)
  const steps: (() => void)[] = []
  const failure = module && (await attempt(run, entry, module, steps))
  if (module) finish(steps)
  return failure?.message
}

/** What a module wants done after its mark. */
const finish = (steps: readonly (() => void)[]): void => {
  for (const step of steps) step()
}

interface Failure {
  readonly message: string
  /** True when the module has said so itself, item by item. */
  readonly isLogged: boolean
}

/** Runs the module; what it throws becomes one line. */
const attempt = async (
  run: ModuleRun,
  entry: ModuleEntry,
  module: ConfigModule,
  steps: (() => void)[],
): Promise<Failure | undefined> => {
  const machine = run.machine.as(module.id)
  const context: ModuleContext = {
    machine,
    distro: run.distro,
    instance: run.instance,
    paths: run.paths,
    cloudConfig: run.cloudConfig,
    arguments: entry.arguments,
    afterMark: (step) => void steps.push(step),
    publishHostKeys: run.publishHostKeys,
    ...(run.cloudDevice && { cloudDevice: run.cloudDevice }),
  }
  try {
    await module.run(await acceptConfig(module, run.cloudConfig, run.once(machine.log)), context)
    return undefined
  } catch (error) {
    return { message: messageOf(error), isLogged: error instanceof ItemsFailed }
  }
}

import { messageOf } from '../machine/errors.ts'
import type { Boot } from './boot.ts'
import { tellFindings } from './findings.ts'
import { addRecoverable, type BootStatus, emptyStatus, readStatus, type StageName, writeStatus } from './status.ts'

/** What became of a stage. */
export interface StageOutcome {
  /** A line per failure: a module, or the stage itself. Their number is cloud-init's exit code. */
  readonly errors: readonly string[]
}

/** What a stage's own code tells back. */
export interface StageReport {
  readonly errors: readonly string[]
  /** As it stands in status.json: `DataSourceNoCloud [seed=/var/...]`. */
  readonly datasource?: string
}

/**
 * Runs one stage: keeps status.json up to date, gathers what the log said as recoverable errors, and turns whatever the
 * stage throws into one of its errors.
 */
export const runStage = async (
  boot: Boot,
  name: StageName,
  work: (boot: Boot) => Promise<StageReport>,
): Promise<StageOutcome> => {
  const { machine, progress } = boot
  const firstRecord = boot.records.length
  const started = machine.clock.monotonic()
  const status = readStatus(machine, boot.paths) ?? emptyStatus()
  const stage = status.stages[name]
  stage.start = machine.clock.now() / 1000
  stage.finished = null
  stage.errors = []
  stage.recoverable_errors = {}
  status.stage = name
  tryToWrite(boot, status)
  progress({ type: 'stage', stage: name, state: 'start' })

  tellFindings(boot)
  const report = await attempt(boot, name, work)
  const seconds = (machine.clock.monotonic() - started) / 1000
  stage.errors = [...report.errors]
  logUntold(boot, report.errors, firstRecord)
  addRecoverable(stage, boot.records.slice(firstRecord))
  stage.finished = machine.clock.now() / 1000
  status.stage = null
  if (report.datasource !== undefined) status.datasource = report.datasource
  tryToWrite(boot, status)
  machine.log.debug(`stage ${name} took ${seconds.toFixed(3)} s`)
  progress({ type: 'stage', stage: name, state: report.errors.length > 0 ? 'failed' : 'done', seconds })
  return { errors: report.errors }
}

const attempt = async (
  boot: Boot,
  name: StageName,
  work: (boot: Boot) => Promise<StageReport>,
): Promise<StageReport> => {
  try {
    return await work(boot)
  } catch (error) {
    return { errors: [`stage ${name} ended early: ${messageOf(error)}`] }
  }
}

/** What status tells is in the log, too: an error that no record since `firstRecord` is about gets one. */
const logUntold = ({ machine, records }: Boot, errors: readonly string[], firstRecord: number): void => {
  const told = records.slice(firstRecord).filter(({ level }) => level === 'WARNING' || level === 'ERROR')
  for (const error of errors) {
    if (!told.some(({ message }) => error.includes(message))) machine.log.error(error)
  }
}

/** On a full disk or a read-only root the boot goes on without status.json; the log's sinks still have it. */
const tryToWrite = (boot: Boot, status: BootStatus): void => {
  try {
    writeStatus(boot.machine, boot.paths, status)
  } catch (error) {
    boot.machine.log.warning(`status.json can't be kept: ${messageOf(error)}`)
  }
}

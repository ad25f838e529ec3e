import type { Log } from '../machine/log.ts'
import type { Boot, Finding } from './boot.ts'
import { readStatus } from './status.ts'

/** A log that keeps what is serious for later. */
export const collectingLog = (log: Log, findings: Finding[]): Log => {
  const keep = (level: Finding['level']) => (message: string) => void findings.push({ level, message })
  return { ...log, deprecated: keep('deprecated'), warning: keep('warning'), error: keep('error') }
}

/**
 * A log that says nothing serious twice in a boot: every stage reads the same configuration anew, perhaps in a process of
 * its own, and several modules look at the same key.
 */
export const sayOnce = ({ machine, paths, records }: Boot, log: Log): Log => {
  const stages = Object.values(readStatus(machine, paths)?.stages ?? {})
  const earlier = stages.flatMap((stage) => [...stage.errors, ...Object.values(stage.recoverable_errors).flat()])
  const isSaid = (message: string): boolean =>
    earlier.some((text) => text.includes(message)) || records.some((record) => record.message === message)
  const once = (say: (message: string) => void) => (message: string) => {
    if (!isSaid(message)) say(message)
  }
  return { ...log, deprecated: once(log.deprecated), warning: once(log.warning), error: once(log.error) }
}

/** Says what was found before the stage began. */
export const tellFindings = (boot: Boot): void => {
  if (boot.findings.length === 0) return
  const log = sayOnce(boot, boot.machine.log)
  for (const { level, message } of boot.findings) log[level](message)
}

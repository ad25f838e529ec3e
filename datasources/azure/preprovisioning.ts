import type { Json } from '../../src/machine/json.ts'
import type { DatasourceContext } from '../../src/platform/datasource.ts'
import { secondsText } from './failure.ts'
import type { OvfEnv } from './ovf-env.ts'

/**
 * How a machine waits in Azure's pool for its user: `running` keeps its NIC and changes networks, `savable` loses its NIC and
 * gets another, `disk` is shut down, `unknown` was cut off while it waited.
 */
export type Preprovisioning = 'running' | 'savable' | 'disk' | 'unknown'

/** Azure's words for them. */
export const poolTypes: Readonly<Record<Preprovisioning, string>> = {
  running: 'Running',
  savable: 'Savable',
  disk: 'PreprovisionedOSDisk',
  unknown: 'Unknown',
}

/** undefined: the machine has its user already. */
export const preprovisioningOf = (facts: {
  readonly isMarked: boolean
  readonly ovf: OvfEnv | undefined
  /** extended.compute.ppsType of the instance metadata. */
  readonly byMetadata: Json | undefined
}): Preprovisioning | undefined => {
  const types = [facts.ovf?.preprovisionedType, facts.byMetadata]
  if (facts.isMarked) return 'unknown'
  if (types.includes(poolTypes.savable)) return 'savable'
  if (types.includes(poolTypes.disk)) return 'disk'
  return facts.ovf?.preprovisioned || types.includes(poolTypes.running) ? 'running' : undefined
}

const markFile = ({ paths }: DatasourceContext): string => `${paths.cloud}/data/reported_ready`

/** True when an earlier boot was reported ready in the pool, and its user was not there yet. */
export const isMarked = (context: DatasourceContext): boolean =>
  context.machine.files.stat(markFile(context))?.type === 'file'

export const mark = (context: DatasourceContext, now: number): void =>
  context.machine.files.write(markFile(context), `firstlight: ${secondsText(now)}\n`)

export const unmark = (context: DatasourceContext): void => context.machine.files.remove(markFile(context))

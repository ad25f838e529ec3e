import { isJsonObject, type Json, type JsonObject, objectAt } from '../machine/json.ts'
import type { StageName } from './status.ts'

/** Where what a stage prints goes, in the words of cloud.cfg: `| tee -a FILE`, `>> FILE`, `> FILE`. */
export interface OutputSetting {
  readonly stdout: string
  /** As stdout, or `&1` for the same place. */
  readonly stderr: string
}

const keys: Readonly<Record<StageName, string>> = {
  'init-local': 'init',
  init: 'init',
  'modules-config': 'config',
  'modules-final': 'final',
}

const text = (value: Json | undefined): string | undefined =>
  typeof value === 'string' && value.trim() !== '' ? value : undefined

/**
 * The `output` key of the configuration for a stage (`init`, `config`, `final`, or `all`): a text, a list of two, or a
 * mapping of `output` and `error`. undefined: it goes where firstlight's own output goes.
 */
export const outputSetting = (config: JsonObject, stage: StageName): OutputSetting | undefined => {
  const output = objectAt(config, 'output')
  const setting = output[keys[stage]] ?? output['all']
  const [first, second] = Array.isArray(setting)
    ? setting
    : isJsonObject(setting)
      ? [setting['output'], setting['error']]
      : [setting]
  const stdout = text(first)
  return stdout === undefined ? undefined : { stdout, stderr: text(second) ?? '&1' }
}

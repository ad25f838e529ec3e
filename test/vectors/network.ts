import { basename, dirname } from 'node:path'
import { FirstlightError } from '../../src/machine/errors.ts'
import type { Json, JsonObject } from '../../src/machine/json.ts'
import { textAt } from '../../src/machine/json.ts'
import { differences, type VectorRunner } from './family.ts'
import { runCmdline } from './network-cmdline.ts'
import { runConvert } from './network-convert.ts'
import { conversions, readMetadataCase } from './network-metadata.ts'

const isStumble = (error: string): boolean => /^(KeyError|TypeError|AttributeError|IndexError)\b/.test(error)

/** metadata/<cloud>-<case>.json: the metadata of a cloud becomes network config, as data. */
const runMetadata: VectorRunner = async (vector: JsonObject) => {
  const convert = conversions[textAt(vector, 'cloud') ?? '']
  if (convert === undefined) return ['not supported yet']
  const recordedError = textAt(vector, 'expected_error')
  const failureExpected = recordedError !== undefined
  try {
    const actual: Json = (await convert(readMetadataCase(vector))) ?? null
    // Where the recorded program merely stumbled (README: not deliberate), a sensible result is as good as none.
    if (recordedError !== undefined && isStumble(recordedError)) return []
    if (failureExpected && actual !== null) return [`expected a failure, got ${JSON.stringify(actual)}`]
    return differences(vector['expected'], actual)
  } catch (error) {
    if (failureExpected && error instanceof FirstlightError) return []
    throw error
  }
}

const runners: Readonly<Record<string, VectorRunner>> = {
  cmdline: runCmdline,
  convert: runConvert,
  metadata: runMetadata,
}

const run: VectorRunner = async (vector, file) => {
  const runner = runners[basename(dirname(file))]
  return runner === undefined ? ['not supported yet'] : runner(vector, file)
}

export default run

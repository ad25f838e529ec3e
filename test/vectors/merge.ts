import { mergeLayers } from '../../src/cloudconfig/merge.ts'
import { parseMergeRules } from '../../src/cloudconfig/merge-rules.ts'
import { isJsonObject, type Json, type JsonObject, objectAt, textAt } from '../../src/machine/json.ts'
import { type ConfigPart, mergeConfigParts } from '../../src/userdata/cloud-config-parts.ts'
import { differences, type VectorRunner } from './family.ts'
import { listAt, recordingLog } from './recorded-log.ts'
import { unwrap } from './recorded-values.ts'

const runParts = (vector: JsonObject): string[] => {
  const headers = listAt(vector, 'headers').filter(isJsonObject)
  const types = listAt(vector, 'content_types')
  const parts = listAt(vector, 'parts').map((text, index): ConfigPart => {
    const header = headers[index] ?? {}
    return {
      name: `part-${String(index + 1).padStart(3, '0')}`,
      kind: types[index] === 'text/cloud-config-jsonp' ? 'json-patch' : 'cloud-config',
      text: String(text),
      mergeType: (textAt(header, 'Merge-Type') || textAt(header, 'X-Merge-Type')) ?? '',
    }
  })
  const log = recordingLog()
  const { config, merged, ignored } = mergeConfigParts(parts, 'user-data', log)
  const silent = listAt(vector, 'log').length > 0 && log.records.length === 0
  return [
    ...differences(unwrap(vector['expected'] ?? null), config),
    ...differences(vector['merged_parts'], [...merged], 'merged_parts'),
    // cloud-init lists only some of the parts it drops; here every dropped part is listed.
    ...listAt(vector, 'ignored_parts')
      .filter((name) => !ignored.includes(String(name)))
      .map((name) => `ignored_parts: ${name} is missing`),
    ...(silent ? ['log: a warning was expected, none came'] : []),
  ]
}

const runLayers = (vector: JsonObject): string[] => {
  const sources = listAt(vector, 'sources').filter(isJsonObject)
  const ordered = vector['reverse'] === true ? sources.toReversed() : sources
  return differences(vector['expected'], mergeLayers(ordered))
}

const runRules = (vector: JsonObject): string[] =>
  listAt(vector, 'rows')
    .filter(isJsonObject)
    .flatMap((row) => {
      const input = textAt(row, 'input') ?? ''
      const expected: Json = textAt(row, 'error') === undefined ? (row['expected'] ?? null) : 'error'
      return differences(expected, parsedRules(input), JSON.stringify(input))
    })

const parsedRules = (text: string): Json => {
  try {
    return parseMergeRules(text).map(({ name, options }) => ({ name, options: [...options] }))
  } catch {
    return 'error'
  }
}

const kinds: Readonly<Record<string, (vector: JsonObject) => string[]>> = {
  'cloud-config-parts': runParts,
  mergemanydict: runLayers,
  'extract-mergers': runRules,
}

const runner: VectorRunner = async (vector) =>
  kinds[textAt(vector, 'kind') ?? '']?.(vector) ?? [`no runner for the kind ${objectAt(vector, 'kind')}`]

export default runner

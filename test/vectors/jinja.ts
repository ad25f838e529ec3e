import { readFileSync } from 'node:fs'
import { readPaths } from '../../src/cloudconfig/read-paths.ts'
import { aliasOf, toVariables, variablesOf } from '../../src/instance/variables.ts'
import { messageOf } from '../../src/machine/errors.ts'
import { isJsonObject, type Json, type JsonObject, objectAt, parseJson, textAt } from '../../src/machine/json.ts'
import { TemplateRuntimeError, TemplateSyntaxError } from '../../src/template/errors.ts'
import { describeSyntaxError, renderByHeader } from '../../src/template/render-config.ts'
import { renderFile } from '../../src/template/render-file.ts'
import { differences, type VectorRunner } from './family.ts'
import { compareMessages } from './query.ts'
import { commandMachine, readOptions } from './recorded-command.ts'
import { listAt, recordingLog } from './recorded-log.ts'
import { unwrap } from './recorded-values.ts'

/** The case with large numbers as they stand in its file. */
const exactly = (file: string): JsonObject => {
  const vector = parseJson(readFileSync(file, 'utf8'))
  return isJsonObject(vector) ? vector : {}
}

type Outcome = { readonly rendered: string | null } | { readonly error: string }

const attempt = (template: string, variables: JsonObject, log: ReturnType<typeof recordingLog>): Outcome => {
  try {
    return { rendered: renderByHeader(template, 'part-001', variables, log) }
  } catch (error) {
    if (error instanceof TemplateSyntaxError) return { error: describeSyntaxError(error, template) }
    if (!(error instanceof TemplateRuntimeError)) return { error: messageOf(error) }
    log.warning(`Ignoring jinja template for part-001: ${error.message}`)
    return { rendered: null }
  }
}

const compareOutcome = (expected: JsonObject, outcome: Outcome, log: ReturnType<typeof recordingLog>): string[] => {
  const error = objectAt(expected, 'error')
  if (textAt(error, 'type') === 'JinjaSyntaxParsingException') {
    return differences(error['message'], 'error' in outcome ? outcome.error : 'no error', 'error')
  }
  // Where the recorded program ends with an uncaught exception, a template that is given up will do.
  if (expected['error'] !== undefined) {
    return 'error' in outcome || outcome.rendered === null ? [] : [`error: expected one, got ${outcome.rendered}`]
  }
  const logged = log.records.map(({ level, message }): Json => ({ level, message }))
  return [
    ...differences(expected['rendered'] ?? null, 'error' in outcome ? outcome : outcome.rendered, 'rendered'),
    ...differences(listAt(expected, 'log'), logged, 'log'),
  ]
}

const runRender = async (vector: JsonObject): Promise<string[]> => {
  const input = objectAt(vector, 'input')
  const log = recordingLog()
  const variables = variablesOf(JSON.stringify(unwrap(input['instance_data'] ?? {})))
  const outcome = attempt(textAt(input, 'template') ?? '', variables, log)
  return compareOutcome(objectAt(vector, 'expected'), outcome, log)
}

const runString = async (vector: JsonObject): Promise<string[]> => {
  const input = objectAt(vector, 'input')
  const log = recordingLog()
  const outcome = attempt(textAt(input, 'template') ?? '', objectAt(input, 'params'), log)
  // The lower renderer warns of nothing.
  log.records.length = 0
  return compareOutcome(objectAt(vector, 'expected'), outcome, log)
}

const runConvert = async (_vector: JsonObject, file: string): Promise<string[]> => {
  const vector = exactly(file)
  const input = objectAt(vector, 'input')
  const data = unwrap(input['instance_data'] ?? {})
  const options = {
    aliases: input['include_key_aliases'] === true,
    base64Paths: listAt(input, 'decode_paths').map(String),
  }
  const expected = unwrap(vector['expected'] ?? {})
  return differences(expected, toVariables(isJsonObject(data) ? data : {}, options))
}

const runAlias = async (vector: JsonObject): Promise<string[]> =>
  listAt(vector, 'rows')
    .filter(isJsonObject)
    .flatMap((row) => differences(row['expected'], aliasOf(textAt(row, 'input') ?? '') ?? null, textAt(row, 'input')))

const runCommand = async (vector: JsonObject): Promise<string[]> => {
  const input = objectAt(vector, 'input')
  const expected = objectAt(vector, 'expected')
  const machine = commandMachine(input)
  const words = listAt(input, 'argv').slice(3).map(String)
  const { values, positionals } = readOptions(words, {
    'instance-data': { type: 'string', short: 'i' },
    debug: { type: 'boolean', short: 'd' },
  })
  const log = recordingLog()
  const instanceDataFile = values['instance-data']
  const rendered = renderFile(
    machine,
    await readPaths(machine),
    {
      folder: '/',
      file: positionals[0] ?? '',
      ...(typeof instanceDataFile === 'string' && { instanceDataFile }),
    },
    log,
  )
  const results = differences(expected['exit_code'], rendered === undefined ? 1 : 0, 'exit_code')
  if (expected['raised'] !== undefined) return results
  return [
    ...results,
    ...differences(expected['stdout'], rendered ?? '', 'stdout'),
    ...compareMessages(textAt(expected, 'stderr') ?? '', log.records),
  ]
}

const kinds: Readonly<Record<string, (vector: JsonObject, file: string) => Promise<string[]>>> = {
  render: runRender,
  'render-string': runString,
  'convert-instance-data': runConvert,
  'variable-alias': runAlias,
  cli: runCommand,
}

const runner: VectorRunner = async (vector, file) => {
  const kind = textAt(vector, 'kind') ?? ''
  return kinds[kind]?.(vector, file) ?? [`no runner for the kind ${kind}`]
}

export default runner

import { readPaths } from '../../src/cloudconfig/read-paths.ts'
import type { SchemaNode } from '../../src/cloudconfig/schema-node.ts'
import { parseYamlWithPositions } from '../../src/cloudconfig/yaml.ts'
import { isJsonObject, type Json, type JsonObject, objectAt, textAt } from '../../src/machine/json.ts'
import { allLines, checkText, type ReportedProblem, reportProblems } from '../../src/schema/check-text.ts'
import { cloudConfigSchema } from '../../src/schema/cloud-config-schema.ts'
import { networkSchemaFor, networkV1Schema, networkV2Schema } from '../../src/schema/network-schema.ts'
import { answerSchema } from '../../src/schema/schema-command.ts'
import { differences, type VectorRunner } from './family.ts'
import { commandMachine, readOptions } from './recorded-command.ts'
import { listAt, recordingLog } from './recorded-log.ts'

const schemaOfType = async (type: string, value: Json): Promise<SchemaNode> => {
  if (type === 'network-config-v1') return networkV1Schema
  if (type === 'network-config-v2') return networkV2Schema
  return type === 'network-config' ? networkSchemaFor(value) : cloudConfigSchema()
}

const problemsOf = async (input: JsonObject): Promise<readonly ReportedProblem[]> => {
  const type = textAt(input, 'schema_type') ?? 'cloud-config'
  const given = input['schema']
  const document = textAt(input, 'document')
  const schemaFor = async (value: Json) => (isJsonObject(given) ? (given as SchemaNode) : schemaOfType(type, value))
  if (document === undefined) {
    const config = input['config'] ?? null
    return reportProblems(config, await schemaFor(config))
  }
  const { value } = parseYamlWithPositions(document, 'document')
  const schema = await schemaFor(value)
  const verdict = checkText(document, 'document', () => schema)
  return verdict.kind === 'problems' ? verdict.problems : reportProblems(value, schema)
}

/** Problems by path, keyword and kind; wording is compared too, but for deprecations, whose texts are our own. */
const comparable = (problems: readonly JsonObject[], truncated: ReadonlySet<string>): Json =>
  [
    ...new Set(
      problems.map(({ path, keyword, deprecated, message }) => {
        const base = `${path} | ${keyword} | ${deprecated}`
        return deprecated === true || truncated.has(base) ? base : `${base} | ${message}`
      }),
    ),
  ].sort()

const runValidate = async (vector: JsonObject): Promise<string[]> => {
  const input = objectAt(vector, 'input')
  const expected = objectAt(vector, 'expected')
  const problems = await problemsOf(input)
  const recorded = listAt(expected, 'problems').filter(isJsonObject)
  const truncated = new Set(
    recorded
      .filter((problem) => problem['message_truncated'] === true)
      .map(({ path, keyword, deprecated }) => `${path} | ${keyword} | ${deprecated}`),
  )
  const actual = problems.map(
    ({ path, keyword, isDeprecated, message }): JsonObject => ({ path, keyword, deprecated: isDeprecated, message }),
  )
  const lines = new Map(problems.map(({ path, line }) => [path, line]))
  const positions = Object.entries(objectAt(expected, 'positions')).flatMap(([path, line]) =>
    line === null || !lines.has(path) ? [] : differences(line, lines.get(path) ?? null, `line of ${path}`),
  )
  return [
    ...differences(
      expected['valid'],
      problems.every(({ isDeprecated }) => isDeprecated),
      'valid',
    ),
    ...differences(comparable(recorded, truncated), comparable(actual, truncated), 'problems'),
    ...positions,
  ]
}

const runMarks = async (vector: JsonObject): Promise<string[]> => {
  const { position } = parseYamlWithPositions(textAt(objectAt(vector, 'input'), 'document') ?? '', 'document')
  const lines = allLines(position)
  return Object.entries(objectAt(vector, 'expected')).flatMap(([path, line]) =>
    differences(line, lines.get(path) ?? null, path),
  )
}

/** What the YAML reader says differs in words from the recorded program's, not in meaning or line. */
const withoutYamlWords = (text: string): string => {
  const at = text.indexOf('is not valid YAML. ')
  return at < 0 ? text : text.slice(0, at)
}

const runCommand = async (vector: JsonObject): Promise<string[]> => {
  const input = objectAt(vector, 'input')
  const expected = objectAt(vector, 'expected')
  const machine = commandMachine(input)
  // The recorded machine was the instance i-testing.
  machine.files.symlink('/var/lib/cloud/instances/i-testing', '/var/lib/cloud/instance')
  const { values } = readOptions(listAt(input, 'argv').slice(2).map(String), {
    'config-file': { type: 'string', short: 'c' },
    'schema-type': { type: 'string', short: 't' },
    'instance-data': { type: 'string', short: 'i' },
    system: { type: 'boolean' },
    annotate: { type: 'boolean' },
    docs: { type: 'string', short: 'd' },
  })
  const text = (key: string, value: unknown) => (typeof value === 'string' ? { [key]: value } : {})
  const log = recordingLog()
  const question = {
    folder: '/',
    system: values['system'] === true,
    annotate: values['annotate'] === true,
    ...text('configFile', values['config-file']),
    ...text('instanceDataFile', values['instance-data']),
    ...(values['schema-type'] === 'network-config' && { type: 'network-config' as const }),
  }
  const answer = await answerSchema(machine, await readPaths(machine), question, log)
  const results = differences(expected['exit_code'], answer.exitCode, 'exit_code')
  if (expected['raised'] !== undefined) return results
  const annotations = listAt(expected, 'annotations').filter(isJsonObject)
  return [
    ...results,
    ...differences(withoutYamlWords(textAt(expected, 'stdout') ?? ''), withoutYamlWords(answer.output), 'stdout'),
    ...differences(withoutYamlWords(textAt(expected, 'stderr') ?? ''), withoutYamlWords(answer.errors), 'stderr'),
    ...(expected['annotations'] === undefined
      ? []
      : differences(
          annotations.map(({ label, line }) => `${label} ${line}`),
          answer.annotations.map(({ label, line }) => `${label} ${line}`),
          'annotations',
        )),
  ]
}

const kinds: Readonly<Record<string, (vector: JsonObject) => Promise<string[]>>> = {
  validate: runValidate,
  'custom-schema': runValidate,
  marks: runMarks,
  cli: runCommand,
}

const runner: VectorRunner = async (vector) => {
  const kind = textAt(vector, 'kind') ?? ''
  return kinds[kind]?.(vector) ?? [`no runner for the kind ${kind}`]
}

export default runner

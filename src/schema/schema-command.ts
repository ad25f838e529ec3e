import { posix } from 'node:path'
import { nearestName } from '../cloudconfig/nearest.ts'
import type { SchemaNode } from '../cloudconfig/schema-node.ts'
import { instanceFolder, instanceLink, type Paths } from '../instance/paths.ts'
import { utf8OrNothing } from '../machine/bytes.ts'
import { isJsonObject, type Json } from '../machine/json.ts'
import type { Log } from '../machine/log.ts'
import type { Machine } from '../machine/machine.ts'
import { contentTypes, typeByBeginning } from '../userdata/part.ts'
import { type Annotation, annotate } from './annotate.ts'
import { checkText, type ReportedProblem, type TextVerdict } from './check-text.ts'
import { cloudConfigSchema } from './cloud-config-schema.ts'
import { networkSchemaFor } from './network-schema.ts'

/** The words of `schema`. */
export interface SchemaQuestion {
  /** Folder from which relative paths count. */
  readonly folder: string
  readonly configFile?: string
  /** What the machine itself was given. */
  readonly system?: boolean
  readonly annotate?: boolean
  readonly type?: 'cloud-config' | 'network-config'
  /** For templates; otherwise the machine's own. */
  readonly instanceDataFile?: string
}

export interface SchemaAnswer {
  readonly exitCode: number
  readonly output: string
  readonly errors: string
  /** Lines of which something is said, for `--annotate`. */
  readonly annotations: readonly Annotation[]
  /** What a misspelt key was probably meant to be. */
  readonly hints: readonly string[]
}

type SchemaType = 'cloud-config' | 'network-config'

interface Subject {
  /** `user-data`, `vendor-data`, `network-config` */
  readonly name: string
  readonly type: SchemaType
  /** Absolute. */
  readonly path: string
  /** As the user wrote it. */
  readonly shown: string
}

/** Collects what is printed. */
class Answer {
  output = ''
  errors = ''
  readonly annotations: Annotation[] = []
  readonly hints: string[] = []
  print(text: string): void {
    this.output += `${text}\n`
  }
  complain(text: string): void {
    this.errors += `${text}\n`
  }
  end(exitCode: number): SchemaAnswer {
    const { output, errors, annotations, hints } = this
    return { exitCode, output, errors, annotations, hints }
  }
}

/** Answers `schema`: is this file, or what this machine was given, good configuration? In cloud-init's words. */
export const answerSchema = async (
  machine: Machine,
  paths: Paths,
  question: SchemaQuestion,
  log: Log,
): Promise<SchemaAnswer> => {
  const answer = new Answer()
  if (question.configFile === undefined && !question.system) {
    answer.complain('Error:\nExpected one of --config-file or --system arguments')
    return answer.end(1)
  }
  if (question.system && machine.userId !== 0) {
    answer.complain('Error:\nUnable to read system userdata or vendordata as non-root user. Try using sudo.')
    return answer.end(1)
  }
  const subjects = question.configFile === undefined ? systemSubjects(machine, paths) : [fileSubject(question)]
  if (subjects.length > 1) {
    answer.print(`Found cloud-config data types: ${subjects.map(({ name }) => name).join(', ')}`)
  }
  const invalid: string[] = []
  for (const [index, subject] of subjects.entries()) {
    const isOne = subjects.length === 1
    if (!isOne) answer.print(`\n${index + 1}. ${subject.name} at ${subject.shown}:`)
    const verdict = await checkSubject(machine, paths, { subject, question, isOne }, answer, log)
    if (verdict === 'failed') return answer.end(1)
    if (verdict === 'invalid') invalid.push(subject.name)
  }
  if (invalid.length === 0) return answer.end(0)
  answer.complain(`Error: Invalid schema: ${invalid.join(', ')}\n`)
  return answer.end(1)
}

const fileSubject = ({ configFile = '', folder, type = 'cloud-config' }: SchemaQuestion): Subject => ({
  name: type === 'cloud-config' ? 'user-data' : 'network-config',
  type,
  path: configFile.startsWith('/') ? configFile : posix.join(folder, configFile),
  shown: configFile,
})

/** What the instance was given, merged as it was; the raw file where there is nothing merged. */
const systemSubjects = (machine: Machine, paths: Paths): Subject[] => {
  const folder = machine.files.readLink(instanceLink(paths)) ?? currentFolder(machine, paths)
  const wanted: readonly (readonly [string, SchemaType, string, string])[] = [
    ['user-data', 'cloud-config', 'cloud-config.txt', 'user-data.txt'],
    ['vendor-data', 'cloud-config', 'vendor-cloud-config.txt', 'vendor-data.txt'],
    ['vendor2-data', 'cloud-config', 'vendor2-cloud-config.txt', 'vendor-data2.txt'],
    ['network-config', 'network-config', 'network-config.json', 'network-config.json'],
  ]
  return wanted.flatMap(([name, type, merged, raw]) => {
    const mergedPath = `${folder}/${merged}`
    const rawPath = `${folder}/${raw}`
    const isEmpty = sizeOf(machine, mergedPath) === 0 && sizeOf(machine, rawPath) > 0
    const path = isEmpty ? rawPath : mergedPath
    if (name !== 'user-data' && !machine.files.exists(path)) return []
    return [{ name, type, path, shown: path }]
  })
}

const sizeOf = (machine: Machine, path: string): number => machine.files.stat(path)?.size ?? 0

const currentFolder = (machine: Machine, paths: Paths): string => {
  const [only] = machine.files.list(`${paths.cloud}/instances`)
  return only === undefined ? instanceLink(paths) : instanceFolder(paths, only)
}

interface Check {
  readonly subject: Subject
  readonly question: SchemaQuestion
  readonly isOne: boolean
}

const checkSubject = async (
  machine: Machine,
  paths: Paths,
  check: Check,
  answer: Answer,
  log: Log,
): Promise<'valid' | 'invalid' | 'failed'> => {
  const { subject } = check
  const bytes = machine.files.readBytesIfExists(subject.path)
  if (bytes === undefined) {
    answer.complain(`Error: Config file ${subject.shown} does not exist`)
    return 'failed'
  }
  const text = utf8OrNothing(bytes)
  if (text === undefined) {
    answer.complain(`Error: ${subject.shown} is not UTF-8`)
    return 'failed'
  }
  if (text === '') {
    answer.print(`Empty 'cloud-config' found at ${subject.shown}. Nothing to validate.`)
    return 'valid'
  }
  return subject.type === 'network-config'
    ? checkNetwork(text, check, answer)
    : checkUserData(machine, paths, text, check, answer, log)
}

const checkNetwork = (text: string, check: Check, answer: Answer): 'valid' | 'invalid' => {
  const { subject } = check
  const verdict = checkText(text, subject.shown, networkSchemaFor)
  const value = verdict.kind === 'problems' ? verdict.value : null
  const inner = isJsonObject(value) && value['network'] !== undefined ? value['network'] : value
  if (verdict.kind !== 'not-yaml' && isEmpty(inner)) {
    answer.print('Skipping network-config schema validation on empty config.')
    return 'valid'
  }
  return tellVerdict(text, verdict, check, answer)
}

const isEmpty = (value: Json): boolean => value === null || (isJsonObject(value) && Object.keys(value).length === 0)

const headers =
  '#!, ## template: jinja, #cloud-boothook, #cloud-config, #cloud-config-archive, #cloud-config-jsonp, #include, #include-once, #part-handler'

const checkUserData = async (
  machine: Machine,
  paths: Paths,
  original: string,
  check: Check,
  answer: Answer,
  log: Log,
): Promise<'valid' | 'invalid' | 'failed'> => {
  const { subject } = check
  const isTemplate = typeByBeginning(original) === contentTypes.jinja
  const text = isTemplate ? await rendered(machine, paths, original, check, answer, log) : original
  if (text === undefined) return 'failed'
  const type = typeByBeginning(text)
  if (type === undefined) return tellUnknownHeader(text, isTemplate, check, answer)
  if (type !== contentTypes.cloudConfig) {
    answer.print(`User-data type '${type}' not currently evaluated by cloud-init schema`)
    return 'valid'
  }
  const schema = await cloudConfigSchema()
  const verdict = checkText(text, subject.shown, () => schema)
  addHints(verdict, schema, answer)
  return tellVerdict(text, verdict, check, answer)
}

const tellUnknownHeader = (text: string, isTemplate: boolean, check: Check, answer: Answer): 'invalid' => {
  const { subject, question } = check
  if (question.annotate) return 'invalid'
  const line = isTemplate ? 2 : 1
  const [first = ''] = text.split('\n', 1)
  const message = `format-l${line}.c1: Unrecognized user-data header in ${subject.shown}: "${first}".\nExpected first line to be one of: ${headers}`
  tellErrors([message], check, answer)
  return 'invalid'
}

const rendered = async (
  machine: Machine,
  paths: Paths,
  text: string,
  { subject, question }: Check,
  answer: Answer,
  log: Log,
): Promise<string | undefined> => {
  const { instanceDataFile, folder } = question
  const isRoot = machine.userId === 0
  const own = `${paths.run}/instance-data${isRoot ? '-sensitive' : ''}.json`
  const file = instanceDataFile ?? own
  const stored = machine.files.readTextIfExists(file.startsWith('/') ? file : posix.join(folder, file))
  if (stored === undefined) {
    answer.complain(`Error:\nCannot render jinja template vars. Instance data not yet present at ${file}`)
    return undefined
  }
  const { renderByHeader, describeSyntaxError, variablesOf } = await import('../template/render-config.ts')
  const { TemplateSyntaxError } = await import('../template/errors.ts')
  const { messageOf } = await import('../machine/errors.ts')
  try {
    return renderByHeader(text, subject.shown, variablesOf(stored), log)
  } catch (error) {
    if (error instanceof TemplateSyntaxError) {
      answer.complain(`Error:\nFailed to render templated user-data. ${describeSyntaxError(error, text)}`)
    } else log.warning(`Ignoring jinja template for ${subject.shown}: ${messageOf(error)}`)
    return undefined
  }
}

/** Comments that merging left about parts which it could not use. */
const ignoredParts = (text: string): ReportedProblem[] =>
  text.split('\n').flatMap((line, index) => {
    const part = /^# Cloud-config part ignored SCHEMA_ERROR: (.*)$/.exec(line)?.[1]
    if (part === undefined) return []
    const message = `Ignored invalid user-data: ${part}`
    return [{ path: '', message, keyword: 'part', isDeprecated: false, line: index + 1 }]
  })

const tellVerdict = (text: string, verdict: TextVerdict, check: Check, answer: Answer): 'valid' | 'invalid' => {
  const { subject, question, isOne } = check
  if (verdict.kind === 'no-mapping') {
    if (!question.annotate) answer.print(`${isOne ? '' : '  '}Invalid ${subject.name}`)
    answer.complain(`${isOne ? '' : '  '}Error: cloud-config ${subject.shown} is not a YAML dict.\n`)
    return 'invalid'
  }
  const problems =
    verdict.kind === 'not-yaml' ? [yamlProblem(verdict, subject)] : [...ignoredParts(text), ...verdict.problems]
  const errors = problems.filter(({ isDeprecated }) => !isDeprecated)
  const deprecations = problems.filter(({ isDeprecated }) => isDeprecated)
  if (question.annotate && problems.length > 0) {
    const annotated = annotate(text, problems)
    answer.print(annotated.text)
    answer.annotations.push(...annotated.annotations)
  } else if (deprecations.length > 0) {
    answer.print(`${isOne ? '' : '  '}Cloud config schema deprecations: ${deprecations.map(told).join(', ')}`)
  }
  if (errors.length > 0) {
    if (!question.annotate) tellErrors(errors.map(told), check, answer)
    return 'invalid'
  }
  const name = question.configFile === undefined ? subject.name : subject.shown
  answer.print(`${isOne ? '' : '  '}Valid schema ${name}`)
  return 'valid'
}

const told = ({ path, message }: ReportedProblem): string =>
  path === '' && message.startsWith('Ignored') ? message : `${path}: ${message}`

const tellErrors = (messages: readonly string[], { subject, isOne }: Check, answer: Answer): void => {
  const margin = isOne ? '' : '  '
  answer.print(`${margin}Invalid ${subject.name} ${subject.shown}`)
  answer.complain(`${margin}Error: Cloud config schema errors: ${messages.join(', ')}\n`)
}

const yamlProblem = ({ error }: Extract<TextVerdict, { kind: 'not-yaml' }>, { shown }: Subject): ReportedProblem => ({
  path: `format-l${error.line}.c${error.column}`,
  message: `File ${shown} is not valid YAML. ${error.detail}`,
  keyword: 'yaml',
  isDeprecated: false,
  line: error.line,
})

const addHints = (verdict: TextVerdict, schema: SchemaNode, answer: Answer): void => {
  if (verdict.kind !== 'problems' || !isJsonObject(verdict.value)) return
  const known = Object.keys(schema.properties ?? {})
  for (const key of Object.keys(verdict.value)) {
    const nearest = known.includes(key) ? undefined : nearestName(key, known)
    if (nearest === undefined) continue
    const line = verdict.problems.find(({ path }) => path === key)?.line
    answer.hints.push(`${key}${line === undefined ? '' : ` (line ${line})`}: did you mean ${nearest}?`)
  }
}

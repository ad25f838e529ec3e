/**
 * Runs the recorded cases: `npm run test:vectors [-- FAMILY... --only GLOB,GLOB --skip GLOB,GLOB --verbose]`.
 *
 * Reads $VECTORS_DIR (default ../shared/vectors). A family's runner is test/vectors/<family>.ts; it feeds a case to the
 * real code and returns how the outcome differs from the recorded one. A case that nothing supports counts as failed.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import picomatch from 'picomatch'
import type { VectorRunner } from './family.ts'

const families = ['detect', 'datasource', 'userdata', 'merge', 'jinja', 'schema', 'query', 'baseconfig', 'network']

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    only: { type: 'string' },
    skip: { type: 'string' },
    verbose: { type: 'boolean', default: false },
    // A file of `family/glob` lines: cases that may fail (named differences, what is not supported yet). They are still
    // run and counted as failed; only the exit code is about the others.
    named: { type: 'string' },
  },
})
const directory = resolve(process.env['VECTORS_DIR'] ?? join(import.meta.dirname, '../../../shared/vectors'))
if (!existsSync(directory)) {
  console.error(`no vectors at ${directory}: set VECTORS_DIR to the folder that holds them`)
  process.exit(2)
}
for (const family of positionals) {
  if (families.includes(family)) continue
  console.error(`no family ${family}: there are ${families.join(', ')}`)
  process.exit(2)
}

const globs = (text: string | undefined): string[] => (text ? text.split(',') : [])
const matches = (name: string, patterns: string[]): boolean => patterns.length > 0 && picomatch.isMatch(name, patterns)

const caseFiles = (folder: string): string[] =>
  readdirSync(folder, { withFileTypes: true })
    .flatMap((entry) => {
      if (entry.isDirectory()) return caseFiles(join(folder, entry.name))
      return entry.name.endsWith('.json') ? [join(folder, entry.name)] : []
    })
    .sort()

const loadRunner = async (family: string): Promise<VectorRunner> => {
  if (!existsSync(join(import.meta.dirname, `${family}.ts`))) return async () => ['not supported yet']
  const loaded = (await import(`./${family}.ts`)) as { default: VectorRunner }
  return loaded.default
}

const runCase = async (runner: VectorRunner, file: string): Promise<string[]> => {
  try {
    return await runner(JSON.parse(readFileSync(file, 'utf8')), file)
  } catch (error) {
    return [`raised ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`]
  }
}

const named = values.named
  ? readFileSync(values.named, 'utf8')
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'))
  : []
let failedInAll = 0
for (const family of positionals.length > 0 ? positionals : families) {
  const folder = join(directory, family)
  if (!existsSync(folder)) continue
  const runner = await loadRunner(family)
  let passed = 0
  let failed = 0
  for (const file of caseFiles(folder)) {
    const name = basename(file, '.json')
    if (values.only && !matches(name, globs(values.only))) continue
    if (matches(name, globs(values.skip))) continue
    const differences = await runCase(runner, file)
    if (differences.length === 0) {
      passed += 1
      continue
    }
    failed += 1
    if (!matches(`${family}/${name}`, named)) failedInAll += 1
    const shown = values.verbose ? differences.join('\n    ') : (differences[0] ?? '').split('\n')[0]?.slice(0, 200)
    console.log(`FAIL ${family}/${name}: ${shown}`)
  }
  console.log(`${family}: ${passed} passed, ${failed} failed`)
}
process.exitCode = failedInAll > 0 ? 1 : 0

// Holds the results of the scenarios against the list of named differences.
import { readFileSync } from 'node:fs'

const [, , resultsFile, differencesFile, only] = process.argv
const parsed = JSON.parse(readFileSync(resultsFile, 'utf8'))
const results = Array.isArray(parsed) ? parsed : (parsed.results ?? parsed.scenarios)
const named = new Set(
  readFileSync(differencesFile, 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#')),
)
const failed = new Set(results.filter(({ passed, ok, pass }) => !(passed ?? ok ?? pass)).map(({ name }) => name))
const ran = new Set(results.map(({ name }) => name))
const unexpected = [...failed].filter((name) => !named.has(name))
const outdated = [...named].filter((name) => ran.has(name) && !failed.has(name))
const unknown = only ? [] : [...named].filter((name) => !ran.has(name))

for (const name of unexpected) console.log(`differs, and is not named: ${name}`)
for (const name of outdated) console.log(`named as different, and is not: ${name}`)
for (const name of unknown) console.log(`named as different, and is no scenario: ${name}`)
const wrong = unexpected.length + outdated.length + unknown.length
console.log(`${named.size} differences are named (docs/differences.md)`)
console.log(`outcomes: ${ran.size - wrong} passed, ${wrong} failed`)
process.exit(wrong > 0 || ran.size === 0 ? 1 : 0)

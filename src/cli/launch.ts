/**
 * What starts first, and the little that is read when only the version is asked for. The engine lies beside it.
 */
import { basename, join } from 'node:path'
import { loadEngine } from '../machine/load-engine.ts'
import { version } from '../machine/version.ts'

const words = process.argv.slice(2)
if (words.length === 1 && (words[0] === '--version' || words[0] === '-v')) {
  process.stdout.write(`${basename(process.argv[1] ?? 'firstlight', '.cjs')} ${version}\n`)
} else {
  loadEngine(join(__dirname, 'engine.cjs'), join(__dirname, 'engine.cache'))
}

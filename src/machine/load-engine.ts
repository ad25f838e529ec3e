import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname } from 'node:path'
import { Script } from 'node:vm'

const readIfThere = (path: string): Buffer | undefined => {
  try {
    return readFileSync(path)
  } catch {
    return undefined
  }
}

/**
 * Runs the engine, one function of 1.5 MB that takes what a CommonJS module gets, with the compiled code that lies beside it, so that V8 need not
 * read it all at every start (40 ms of a boot stage's 60). Code of another V8 is refused by V8 itself, and the source
 * is compiled as ever.
 * @returns the V8 script, from which a new cache can be made
 */
export const loadEngine = (path: string, cachePath: string): Script => {
  const cachedData = readIfThere(cachePath)
  // The bundle is ASCII: a text of one byte a character is half as large in memory.
  const script = new Script(readFileSync(path, 'latin1'), {
    filename: path,
    ...(cachedData && { cachedData }),
  })
  const module = { exports: {} }
  script.runInThisContext()(module.exports, createRequire(path), module, path, dirname(path))
  return script
}

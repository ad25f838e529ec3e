import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname } from 'node:path'
import { Script } from 'node:vm'

/** What V8 is given: the same text when the cache is made (build/code-cache.mjs) and when it is used. */
export const wrapEngine = (source: string): string =>
  `(function (exports, require, module, __filename, __dirname) { ${source}\n})`

const readIfThere = (path: string): Buffer | undefined => {
  try {
    return readFileSync(path)
  } catch {
    return undefined
  }
}

/**
 * Runs the engine, a CommonJS file of two megabytes, with the compiled code that lies beside it, so that V8 need not
 * read it all at every start (40 ms of a boot stage's 60). Code of another V8 is refused by V8 itself, and the source
 * is compiled as ever.
 * @returns the V8 script, from which a new cache can be made
 */
export const loadEngine = (path: string, cachePath: string): Script => {
  const cachedData = readIfThere(cachePath)
  const script = new Script(wrapEngine(readFileSync(path, 'utf8')), {
    filename: path,
    ...(cachedData && { cachedData }),
  })
  const module = { exports: {} }
  script.runInThisContext()(module.exports, createRequire(path), module, path, dirname(path))
  return script
}

import { join } from 'node:path'
import { buildSync } from 'esbuild'

/** Bundles one of the programs in this folder, so that it runs where there is nothing but node. */
export const bundle = (name: string, folder: string): string => {
  const outfile = join(folder, name.replace(/ts$/, 'mjs'))
  const entryPoints = [join(import.meta.dirname, name)]
  buildSync({ entryPoints, outfile, bundle: true, platform: 'node', format: 'esm', logLevel: 'error' })
  return outfile
}

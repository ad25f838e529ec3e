import { DatasourceError, FirstlightError, messageOf } from '../../src/machine/errors.ts'
import { requestWithRetries, textOf } from '../../src/machine/http-retry.ts'
import type { Machine } from '../../src/machine/machine.ts'
import { networkAddress } from './command-line.ts'
import { readFolder } from './places.ts'
import { isRequired, type Seed, type SeedFile, seedFiles, seedOfFiles } from './seed.ts'

const retries = 10

/**
 * Where a file of a seed is: `%s` in the address stands for the file's name; else the name is appended, after a slash,
 * which is added unless the address has a query.
 */
export const addressOf = (base: string, file: SeedFile): string => {
  if (base.includes('%s')) return base.replaceAll('%s', file)
  const needsSlash = !base.endsWith('/') && !/\?[^#]/.test(base)
  return `${base}${needsSlash ? '/' : ''}${file}`
}

/**
 * Reads the seed that `seedfrom` names.
 * @throws DatasourceError, HttpFailure, HttpStatusError when meta-data or user-data can't be had.
 */
export const readSeedFrom = async (machine: Machine, base: string): Promise<Seed> =>
  networkAddress.test(base) ? readFromNetwork(machine, base) : readFromFolder(machine, base)

const readFromFolder = (machine: Machine, base: string): Seed => {
  const files = readFolder(machine, base, (file) => addressOf(base, file).replace(/^file:\/\//, ''))
  if (files) return seedOfFiles(files, base.replace(/\/$/, ''), machine.log)
  throw new DatasourceError('NoCloud', `${base} has not both meta-data and user-data, as a seed must`)
}

/** All files at once. That an optional one is not there is an answer. */
const readFromNetwork = async (machine: Machine, base: string): Promise<Seed> => {
  const results = await Promise.allSettled(seedFiles.map((file) => readFile(machine, base, file)))
  const files: Partial<Record<SeedFile, Uint8Array>> = {}
  for (const [index, file] of seedFiles.entries()) {
    const result = results[index]
    if (result?.status === 'rejected') throw result.reason
    if (result?.value) files[file] = result.value
  }
  return seedOfFiles(files, base.replace(/\/$/, ''), machine.log)
}

const readFile = async (machine: Machine, base: string, file: SeedFile): Promise<Uint8Array | undefined> => {
  const url = addressOf(base, file)
  if (isRequired(file)) {
    const response = await requestWithRetries(machine, { url }, { retries })
    if (file === 'meta-data') textOf(response)
    return response.body
  }
  try {
    const response = await requestWithRetries(machine, { url }, { retries, answers: [404] })
    return response.status === 404 ? undefined : response.body
  } catch (error) {
    if (!(error instanceof FirstlightError)) throw error
    machine.log.warning(`going on without ${file}: ${messageOf(error)}`)
    return undefined
  }
}

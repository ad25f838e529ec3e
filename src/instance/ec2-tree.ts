import { utf8OrNothing } from '../machine/bytes.ts'
import { messageOf } from '../machine/errors.ts'
import type { Json, JsonObject } from '../machine/json.ts'
import type { Log } from '../machine/log.ts'
import { binaryValue } from './binary-values.ts'

/** Reads an EC2-like tree of metadata: every folder's listing and every leaf is a document of its own. */
export interface Ec2TreeSource {
  readonly log: Log
  /**
   * The document at a path below the tree's root (`network/interfaces/`, `ami-id`; '' is the root's listing).
   * @throws when it can't be read after all tries.
   */
  read(path: string): Promise<Uint8Array>
  /** The same, but one try, and undefined when it fails: for what is probably there. */
  tryRead?(path: string): Promise<Uint8Array | undefined>
  /** Paths below that are probably there, now that a folder's names are known: they are read before their own folder is. */
  foresee?(folder: string, names: readonly string[]): readonly string[]
}

/** Requests on the way at the same time: enough for a folder and all that is in it. */
const parallelRequests = 64
/** Whatever a metadata service says, there is an end to it. */
const maxDocuments = 4000
const maxDepth = 16
/** A folder of this name holds credentials; they are nobody's business here. */
const credentials = 'security-credentials'

/**
 * Walks the whole tree, all folders and leaves at the same time. A leaf or folder below the root that can't be read is
 * warned about and left out: the rest is as good as before (cloud-init empties the whole tree).
 *
 * Rules of the tree (EC2 User Guide, instance metadata): a name ending in `/` is a folder; `0=name` in public-keys is a
 * key whose text is at `0/openssh-key`; a leaf `{...}` is JSON; one with several lines is a list.
 * @throws when the root's listing can't be read.
 */
export const walkEc2Tree = async (source: Ec2TreeSource): Promise<JsonObject> => {
  const slots = limiter(parallelRequests)
  const foreseen = new Map<string, Promise<Uint8Array | undefined>>()
  let documents = 0

  const foresee = (folder: string, names: readonly string[]): void => {
    if (!source.tryRead || !source.foresee) return
    for (const path of source.foresee(folder, names)) {
      if (foreseen.has(path)) continue
      const { tryRead } = source
      foreseen.set(
        path,
        slots.first(() => tryRead(path)),
      )
    }
  }
  const document = async (path: string): Promise<Uint8Array> => {
    documents += 1
    if (documents > maxDocuments) throw new Error(`there are more than ${maxDocuments} documents`)
    const line = path === '' || path.endsWith('/') ? slots.first : slots.last
    return (await foreseen.get(path)) ?? (await line(() => source.read(path)))
  }
  const folder = async (path: string, depth: number): Promise<JsonObject> => {
    if (depth > maxDepth) throw new Error(`folders are more than ${maxDepth} deep`)
    const { folders, leafPaths } = readListing(await document(path))
    foresee(
      path,
      folders.map((name) => `${name}/`),
    )
    const entries = await Promise.all([
      ...folders.map((name) => entry(name, () => folder(`${path}${encoded(name)}/`, depth + 1))),
      ...[...leafPaths].map(([name, at]) =>
        entry(name, async () => readLeaf(source.log, `${path}${name}`, await document(`${path}${encoded(at)}`))),
      ),
    ])
    return Object.fromEntries(entries.flatMap((item) => item ?? []))
  }
  const entry = async (name: string, read: () => Promise<Json>): Promise<[[string, Json]] | undefined> => {
    try {
      return [[name, await read()]]
    } catch (error) {
      source.log.warning(`metadata ${name} is left out: ${messageOf(error)}`)
      return undefined
    }
  }
  return folder('', 0)
}

/** Runs at most `count` works at a time; the others wait in one of two lines. Folders go first: more waits for them. */
const limiter = (count: number) => {
  let free = count
  const [firstLine, lastLine]: [(() => void)[], (() => void)[]] = [[], []]
  const inLine =
    (line: (() => void)[]) =>
    async <T>(work: () => Promise<T>): Promise<T> => {
      if (free > 0) free -= 1
      else await new Promise<void>((resolve) => line.push(resolve))
      try {
        return await work()
      } finally {
        const next = firstLine.shift() ?? lastLine.shift()
        if (next) next()
        else free += 1
      }
    }
  return { first: inLine(firstLine), last: inLine(lastLine) }
}

/** A path as part of a URL: only what is safe there stays as it is. */
const encoded = (path: string): string =>
  encodeURIComponent(path)
    .replaceAll('%2F', '/')
    .replaceAll('%3A', ':')
    .replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)

const readListing = (bytes: Uint8Array) => {
  const folders = new Set<string>()
  const leafPaths = new Map<string, string>()
  for (const line of Buffer.from(bytes)
    .toString('utf8')
    .split(/\r\n|\r|\n/)) {
    const field = line.trim()
    const name = field.replace(/\/+$/, '')
    if (name === '' || name === credentials) continue
    if (field.endsWith('/')) {
      folders.add(name)
      continue
    }
    const [, index, keyName] = /^\s*(\d+)\s*=(.*)$/.exec(name) ?? []
    if (index === undefined || keyName === undefined) leafPaths.set(name, name)
    else leafPaths.set(keyName, `${Number(index)}/openssh-key`)
  }
  for (const name of folders) leafPaths.delete(name)
  return { folders: [...folders], leafPaths }
}

const readLeaf = (log: Log, path: string, bytes: Uint8Array): Json => {
  const text = utf8OrNothing(bytes)
  if (text === undefined) return binaryValue(bytes)
  const trimmed = text.trim()
  if (trimmed.startsWith('{') && trimmed.endsWith('}')) {
    try {
      return JSON.parse(trimmed) as Json
    } catch {
      log.warning(`metadata ${path} looks like JSON, but is not; it is taken as text`)
    }
  }
  if (!text.includes('\n')) return text
  const lines = text.split(/\r\n|\r|\n/)
  return lines.at(-1) === '' ? lines.slice(0, -1) : lines
}

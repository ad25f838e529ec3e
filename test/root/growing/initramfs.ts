import { closeSync, lstatSync, openSync, readdirSync, readFileSync, readlinkSync, writeSync } from 'node:fs'
import { join } from 'node:path'

/** A file of an archive: mode with its type, and what is in it. */
interface Entry {
  readonly path: string
  readonly mode: number
  readonly content: Uint8Array
}

const fileMode = 0o100755
const headerFields = 13

/** The kernel's archives (Documentation/driver-api/early-userspace/buffer-format.rst): "newc", all padded to four bytes. */
const record = ({ path, mode, content }: Entry, number: number): Buffer => {
  const name = Buffer.from(`${path}\0`)
  const fields = new Array<number>(headerFields).fill(0)
  fields[0] = number
  fields[1] = mode
  fields[4] = 1
  fields[6] = content.length
  fields[11] = name.length
  const header = Buffer.from(`070701${fields.map((field) => field.toString(16).padStart(8, '0')).join('')}`)
  const padding = (length: number): Buffer => Buffer.alloc((4 - (length % 4)) % 4)
  const head = Buffer.concat([header, name])
  return Buffer.concat([head, padding(head.length), content, padding(content.length)])
}

/** Folders before what is in them; links are not followed. */
const pathsBelow = (root: string, folder = ''): string[] =>
  readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name)
    return entry.isDirectory() ? [path, ...pathsBelow(root, path)] : [path]
  })

const entryOf = (root: string, path: string): Entry | undefined => {
  const host = join(root, path)
  const stats = lstatSync(host)
  if (stats.isSymbolicLink()) return { path, mode: stats.mode, content: Buffer.from(readlinkSync(host)) }
  if (stats.isDirectory()) return { path, mode: stats.mode, content: Buffer.alloc(0) }
  return stats.isFile() ? { path, mode: stats.mode, content: readFileSync(host) } : undefined
}

/** Writes an initramfs with a folder's content, and files of one's own over it, which are executable. */
export const writeInitramfs = (file: string, root: string, own: Readonly<Record<string, Uint8Array>>): void => {
  const descriptor = openSync(file, 'w')
  let number = 1
  const write = (entry: Entry | undefined): void => {
    if (entry === undefined) return
    writeSync(descriptor, record(entry, number))
    number += 1
  }
  try {
    for (const path of pathsBelow(root)) write(entryOf(root, path))
    for (const [path, content] of Object.entries(own)) write({ path, mode: fileMode, content })
    write({ path: 'TRAILER!!!', mode: 0, content: Buffer.alloc(0) })
  } finally {
    closeSync(descriptor)
  }
}

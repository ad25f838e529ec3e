import { createHash } from 'node:crypto'
import { closeSync, openSync, readSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { mebibyte, run, runWith } from './system.ts'

/** A file that serves as a disk. */
export interface LoopDisk {
  readonly image: string
  /** `/dev/loop3` */
  readonly device: string
}

type Later = (step: () => void) => void

/** Attaches an image, and its partitions. */
export const attach = (image: string, later: Later, ...options: string[]): LoopDisk => {
  const device = run('losetup', '--find', '--show', ...options, image)
  later(() => run('losetup', '--detach', device))
  // Not by --partscan: a kernel may be built without any partition tables, and still takes partitions it is told of.
  run('partx', '--add', device)
  later(() => run('partx', '--delete', device))
  return { image, device }
}

/** An image that is a disk, with a partition table by what sfdisk(8) reads, or empty; sparse. */
export const newImage = (folder: string, name: string, layout: string | undefined, mebibytes: number): string => {
  const image = join(folder, name)
  writeFileSync(image, '')
  truncateSync(image, mebibytes * mebibyte)
  if (layout !== undefined) runWith(layout, 'sfdisk', '--quiet', image)
  return image
}

export const resizeImage = (image: string, mebibytes: number): void => truncateSync(image, mebibytes * mebibyte)

export const sizeOf = (device: string): number => Number(run('blockdev', '--getsize64', device))

/** What an image holds in these parts of it: `[from, to]`, in bytes. */
export const fingerprint = (image: string, parts: readonly (readonly [from: number, to: number])[]): string => {
  const hash = createHash('sha256')
  const descriptor = openSync(image, 'r')
  try {
    for (const [from, to] of parts) {
      const bytes = Buffer.alloc(to - from)
      readSync(descriptor, bytes, 0, bytes.length, from)
      hash.update(bytes)
    }
  } finally {
    closeSync(descriptor)
  }
  return hash.digest('hex')
}

/** Where tables and their copies are: the first and the last mebibyte. */
export const tableParts = (mebibytes: number): [number, number][] => [
  [0, mebibyte],
  [(mebibytes - 1) * mebibyte, mebibytes * mebibyte],
]

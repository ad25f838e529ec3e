import { isFile, isFolder } from '../asking.ts'
import type { DmiField } from '../dmi.ts'
import type { Sign } from './detector.ts'

/** Signs that several clouds are recognised by. DMI matches never hold in a container: the DMI there is the host's. */

const dmiSign =
  (field: DmiField, holds: (text: string) => boolean): Sign =>
  async (evidence) =>
    !evidence.isContainer && holds(await evidence.dmi(field))

export const vendorIs = (vendor: string): Sign => dmiSign('sys_vendor', (text) => text === vendor)
export const productIs = (...names: string[]): Sign => dmiSign('product_name', (text) => names.includes(text))
export const productStarts = (start: string): Sign => dmiSign('product_name', (text) => text.startsWith(start))
export const serialStarts = (start: string): Sign => dmiSign('product_serial', (text) => text.startsWith(start))
export const assetTagIs = (...tags: string[]): Sign => dmiSign('chassis_asset_tag', (text) => tags.includes(text))

/** A file system with one of these labels; vfat has two places for one. Upper and lower case differ. */
export const labelled =
  (...labels: string[]): Sign =>
  async (evidence) =>
    (await evidence.disks()).some(
      ({ label, labelFatboot }) =>
        (label !== undefined && labels.includes(label)) ||
        (labelFatboot !== undefined && labels.includes(labelFatboot)),
    )

/** A word of its own on the kernel command line. */
export const commandLineWord =
  (word: string): Sign =>
  ({ cmdline }) =>
    cmdline.split(' ').includes(word)

export const fileExists =
  (path: string): Sign =>
  ({ machine }) =>
    isFile(machine, path)

/** All of these files in `/var/lib/cloud/seed/<name>`. */
export const seeded =
  (name: string, ...files: string[]): Sign =>
  ({ machine }) =>
    files.every((file) => isFile(machine, `/var/lib/cloud/seed/${name}/${file}`))

/** The same on Ubuntu Core, where /var/lib/cloud may not be mounted in its place yet. */
export const seededOnCore =
  (name: string, ...files: string[]): Sign =>
  ({ machine }) =>
    isFolder(machine, '/writable/system-data') &&
    files.every((file) => isFile(machine, `/writable/system-data/var/lib/cloud/seed/${name}/${file}`))

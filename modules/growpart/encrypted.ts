import { decodeContent } from '../../src/machine/content-encoding.ts'
import { ConfigError, messageOf } from '../../src/machine/errors.ts'
import { isJsonObject } from '../../src/machine/json.ts'
import type { Machine } from '../../src/machine/machine.ts'
import { alignmentBytes } from './growth.ts'
import type { EncryptedLayer } from './layers.ts'
import { bytesUnused } from './luks-header.ts'

/**
 * Left by whoever made the image: `{"key": base64, "slot": number}`, a key that is good for one resize and is destroyed
 * by it.
 */
const keyFile = '/cc_growpart_keydata'
const timeoutSeconds = 120

interface ResizeKey {
  readonly key: Uint8Array
  readonly slot: number
}

/** @throws ConfigError when the file holds something else; its content is in no message */
const readKey = (machine: Machine): ResizeKey => {
  let value: unknown
  try {
    value = JSON.parse(machine.files.readText(keyFile))
  } catch {
    throw new ConfigError(keyFile, 'it is no JSON; the encrypted volume stays as it is')
  }
  const { key, slot } = isJsonObject(value) ? value : {}
  if (typeof key !== 'string' || typeof slot !== 'number' || !Number.isInteger(slot) || slot < 0) {
    throw new ConfigError(keyFile, 'it needs a key and the number of its slot; the encrypted volume stays as it is')
  }
  return { key: decodeContent(key, 'base64'), slot }
}

/**
 * Lets an open volume fill what it lies on. The key for that is the image's own (keyFile), which is destroyed whether it
 * worked or not, and also where nothing can grow; or the key file that /etc/crypttab names. LUKS1 needs none.
 * @throws CommandError, ConfigError
 */
export const growEncrypted = async (machine: Machine, volume: EncryptedLayer): Promise<void> => {
  if (machine.which('cryptsetup') === undefined) return
  const grown = `growpart: the encrypted ${volume.path} fills ${volume.below.path}`
  if (machine.files.exists(keyFile)) {
    await growByImageKey(machine, volume)
    return machine.log.info(grown)
  }
  const unused = await bytesUnused(machine, volume)
  if (unused === undefined || unused <= alignmentBytes) return
  const key = lastingKeyFile(machine, volume)
  if (key === undefined && volume.version !== 1) {
    return machine.log.info(`growpart: the encrypted ${volume.path} has no key to be grown by: skipped`)
  }
  const words = key === undefined ? [] : ['--key-file', key]
  await machine.run(['cryptsetup', ...words, 'resize', volume.name], { timeoutSeconds })
  machine.log.info(grown)
}

const growByImageKey = async (machine: Machine, volume: EncryptedLayer): Promise<void> => {
  const { key, slot } = readKey(machine)
  try {
    await machine.run(['cryptsetup', '--key-file', '-', 'resize', volume.path], { input: key, timeoutSeconds })
  } finally {
    await destroyKey(machine, volume, slot)
  }
}

/** A key that outlives its use opens the disk to whoever finds it: each step is tried, whatever became of the one before. */
const destroyKey = async (machine: Machine, volume: EncryptedLayer, slot: number): Promise<void> => {
  try {
    const argv = ['cryptsetup', 'luksKillSlot', '--batch-mode', volume.below.path, String(slot)]
    await machine.run(argv, { timeoutSeconds })
  } catch (error) {
    machine.log.warning(`growpart: the key in slot ${slot} of ${volume.below.path} still opens it: ${messageOf(error)}`)
  }
  try {
    machine.files.remove(keyFile)
  } catch (error) {
    machine.log.warning(`growpart: ${keyFile} is still there; remove it: ${messageOf(error)}`)
  }
}

/** crypttab(5): name, device, key file, options. A key that is a part of its file, or on another disk, is not for here. */
const lastingKeyFile = (machine: Machine, { name }: EncryptedLayer): string | undefined => {
  const lines = (machine.files.readTextIfExists('/etc/crypttab') ?? '')
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
  const [, , file = '', options = ''] = lines.find(([volume]) => volume === name) ?? []
  if (/\b(keyfile-|keyscript=|header=|tcrypt|bitlk)/.test(options)) return undefined
  const path = file.startsWith('/') ? file : `/etc/cryptsetup-keys.d/${name}.key`
  return machine.files.stat(path)?.type === 'file' ? path : undefined
}

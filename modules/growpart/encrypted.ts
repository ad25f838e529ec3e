import { decodeContent } from '../../src/machine/content-encoding.ts'
import { ConfigError, messageOf } from '../../src/machine/errors.ts'
import { isJsonObject } from '../../src/machine/json.ts'
import type { Machine } from '../../src/machine/machine.ts'

/** An open LUKS volume on one partition. */
export interface EncryptedVolume {
  /** `/dev/dm-0` */
  readonly path: string
  /** `/dev/vda1` */
  readonly partition: string
}

/**
 * Left by whoever made the image: `{"key": base64, "slot": number}`, a key that is good for one resize and is destroyed
 * by it.
 */
const keyFile = '/cc_growpart_keydata'
const timeoutSeconds = 120

/** The encrypted volume that `device` is; undefined when it is something else. */
export const encryptedVolumeOf = async (machine: Machine, device: string): Promise<EncryptedVolume | undefined> => {
  const path = machine.files.realPath(device)
  const name = /^\/dev\/(dm-\d+)$/.exec(path)?.[1]
  if (name === undefined || machine.which('cryptsetup') === undefined) return undefined
  const [below, ...more] = machine.files.list(`/sys/class/block/${name}/slaves`)
  if (below === undefined || more.length > 0) return undefined
  const partition = `/dev/${below.replaceAll('!', '/')}`
  const answers = [
    await machine.ask(['cryptsetup', 'status', path], { allowedExitCodes: 'any', timeoutSeconds }),
    await machine.ask(['cryptsetup', 'isLuks', partition], { allowedExitCodes: 'any', timeoutSeconds }),
  ]
  return answers.every(({ exitCode }) => exitCode === 0) ? { path, partition } : undefined
}

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
 * Lets an open volume fill its partition, and destroys the key it took for that, whether it worked or not.
 * @returns false when there is no key: then nothing is done
 * @throws CommandError, ConfigError
 */
export const growEncrypted = async (machine: Machine, volume: EncryptedVolume): Promise<boolean> => {
  if (!machine.files.exists(keyFile)) return false
  const { key, slot } = readKey(machine)
  try {
    await machine.run(['cryptsetup', '--key-file', '-', 'resize', volume.path], { input: key, timeoutSeconds })
    return true
  } finally {
    await destroyKey(machine, volume, slot)
  }
}

/** A key that outlives its use opens the disk to whoever finds it: each step is tried, whatever became of the one before. */
const destroyKey = async (machine: Machine, volume: EncryptedVolume, slot: number): Promise<void> => {
  try {
    const argv = ['cryptsetup', 'luksKillSlot', '--batch-mode', volume.partition, String(slot)]
    await machine.run(argv, { timeoutSeconds })
  } catch (error) {
    machine.log.warning(`growpart: the key in slot ${slot} of ${volume.partition} still opens it: ${messageOf(error)}`)
  }
  try {
    machine.files.remove(keyFile)
  } catch (error) {
    machine.log.warning(`growpart: ${keyFile} is still there; remove it: ${messageOf(error)}`)
  }
}

import { posix } from 'node:path'
import type { ModuleContext } from '../../src/cloudconfig/module.ts'
import { ConfigError, messageOf } from '../../src/machine/errors.ts'
import type { Machine } from '../../src/machine/machine.ts'
import type { KeyEntry } from './settings.ts'

const defaultKeyserver = 'keyserver.ubuntu.com'
/** Trusted for every source. */
const trustedFolder = '/etc/apt/trusted.gpg.d'
/** Trusted only for sources that name the file. */
const ownFolder = '/etc/apt/cloud-init.gpg.d'
/** What apt trusts as the signer of a source whose key could not be read: nobody. */
const nobody = '/dev/null'
const fetchTries = 3

/** Fingerprints and key ids, and what else gpg takes for one, but no options. */
const keyName = /^[^-\s][^\n]*$/

/**
 * Puts an entry's key where apt finds it.
 * @param name of the file that it is for; the key's file gets the same name
 * @param isForOne true: trusted only for the sources that name the file
 * @returns the file; undefined when the entry has no key
 * @throws CommandError, ConfigError when the key can't be fetched
 */
export const installKey = async (
  context: ModuleContext,
  entry: KeyEntry,
  name: string,
  isForOne: boolean,
  key: string,
): Promise<string | undefined> => {
  const { machine } = context
  const armoured = entry.key ?? (entry.keyid === undefined ? undefined : await fetchKey(context, entry, key))
  if (armoured === undefined) return undefined
  const file = `${isForOne ? ownFolder : trustedFolder}/${posix.parse(name).name}.gpg`
  const bytes = await binary(machine, armoured, key)
  if (bytes === undefined) return nobody
  machine.files.write(file, bytes, { mode: 0o644 })
  return file
}

/** The key as apt reads it; undefined, with a warning, when it is none. */
const binary = async (machine: Machine, armoured: string, key: string): Promise<Uint8Array | undefined> => {
  try {
    const { stdoutBytes } = await machine.ask(['gpg', '--dearmor'], { input: armoured, timeoutSeconds: 60 })
    if (stdoutBytes.length > 0) return stdoutBytes
    machine.log.warning(`${key}: this is no ASCII-armoured key; sources that need it will not be trusted`)
  } catch (error) {
    machine.log.warning(
      `${key}: the key can't be read, so sources that need it will not be trusted: ${messageOf(error)}`,
    )
  }
  return undefined
}

/** Fetches a key by its fingerprint into a keyring that is thrown away. */
const fetchKey = async (
  { machine, paths }: ModuleContext,
  { keyid = '', keyserver = defaultKeyserver }: KeyEntry,
  key: string,
): Promise<string | undefined> => {
  if (!keyName.test(keyid.trim()))
    throw new ConfigError(`${key}.keyid`, `${JSON.stringify(keyid)} is not a fingerprint`)
  const home = `${paths.run}/tmp/gnupg`
  const options = { env: { GNUPGHOME: home }, timeoutSeconds: 60 } as const
  machine.files.remove(home)
  machine.files.makeFolder(home, { mode: 0o700 })
  try {
    await receive(
      machine,
      ['gpg', '--batch', '--no-tty', `--keyserver=${keyserver}`, '--recv-keys', keyid.trim()],
      options,
    )
    const { stdout } = await machine.run(['gpg', '--batch', '--armor', '--export', keyid.trim()], options)
    if (stdout !== '') return stdout
    if (machine.kind === 'plan') return undefined
    throw new ConfigError(`${key}.keyid`, `${keyserver} has no key ${keyid}`)
  } finally {
    // The agents that gpg starts would outlive the folder.
    if (machine.which('gpgconf') !== undefined) {
      await machine.run(['gpgconf', '--kill', 'all'], { ...options, allowedExitCodes: 'any' }).catch(() => undefined)
    }
    machine.files.remove(home)
  }
}

/** Key servers are slow and unreliable. */
const receive = async (
  machine: Machine,
  argv: readonly string[],
  options: { readonly env: Readonly<Record<string, string>>; readonly timeoutSeconds: number },
): Promise<void> => {
  for (let tried = 1; ; tried += 1) {
    try {
      await machine.run(argv, options)
      return
    } catch (error) {
      if (tried === fetchTries) throw error
      machine.log.info(`trying again: ${messageOf(error)}`)
      await machine.clock.sleep(1000)
    }
  }
}

import type { ModuleContext } from '../../src/cloudconfig/module.ts'
import { addSshdLines } from '../../src/distros/ssh-config.ts'
import { ConfigError, messageOf } from '../../src/machine/errors.ts'
import type { JsonObject } from '../../src/machine/json.ts'
import type { Machine } from '../../src/machine/machine.ts'

const folder = '/etc/ssh'

const fileOf = (type: string): string => `${folder}/ssh_host_${type}_key`

/** Where the image's host keys are until there are new ones. */
const aside = (name: string): string => `${folder}/.${name}.of-image`

const namesOf = (machine: Machine, pattern: RegExp): string[] =>
  machine.files.list(folder).flatMap((name) => pattern.exec(name)?.[1] ?? [])

/** Puts every host key aside: those of an image are known to whoever has the image. */
export const putHostKeysAside = (machine: Machine): void => {
  for (const name of namesOf(machine, /^(ssh_host_.*key.*)$/)) machine.files.rename(`${folder}/${name}`, aside(name))
}

export const hasHostKeys = (machine: Machine): boolean =>
  namesOf(machine, /^(ssh_host_.*_key)$/).some((name) => machine.files.stat(`${folder}/${name}`)?.size !== 0)

const namesAside = (machine: Machine): string[] => namesOf(machine, /^\.(ssh_host_.*key.*)\.of-image$/)

export const removeKeysAside = (machine: Machine): void => {
  for (const name of namesAside(machine)) machine.files.remove(aside(name))
}

/** @returns how many files were put back */
export const putKeysBack = (machine: Machine): number => {
  const names = namesAside(machine)
  for (const name of names) machine.files.rename(aside(name), `${folder}/${name}`)
  return names.length
}

/** Makes `FILE.pub` from the private key in FILE. */
const derivePublicKey = async (machine: Machine, file: string): Promise<void> => {
  const { stdout } = await machine.run(['ssh-keygen', '-y', '-f', file], { timeoutSeconds: 60 })
  const key = stdout.trim()
  if (key !== '') machine.files.write(`${file}.pub`, `${key} root@localhost\n`, { mode: 0o644 })
}

const places = {
  private: { suffix: '', mode: 0o600 },
  public: { suffix: '.pub', mode: 0o644 },
  certificate: { suffix: '-cert.pub', mode: 0o644 },
} as const

const isPart = (text: string): text is keyof typeof places => Object.hasOwn(places, text)

/** `ed25519_private` -> type and part; undefined for a key that is none. */
const parseName = (name: string): { readonly type: string; readonly part: keyof typeof places } | undefined => {
  const [, type = '', part = ''] = /^(rsa|ecdsa|ed25519)_(\w+)$/.exec(name) ?? []
  return isPart(part) ? { type, part } : undefined
}

/** Writes the host keys that the configuration gives; each failure is reported and the others are written. */
export const writeHostKeys = async (
  machine: Machine,
  given: JsonObject,
  report: (problem: string) => void,
): Promise<void> => {
  const certificates: string[] = []
  // In the order of their names, as cloud-init does: it decides about the order in sshd's configuration.
  for (const [name, content] of Object.entries(given).sort(([left], [right]) => (left < right ? -1 : 1))) {
    const found = parseName(name)
    if (found === undefined || typeof content !== 'string') {
      machine.log.warning(
        `ssh_keys.${name}: is not a host key that can be set (such as ed25519_private); it is left out`,
      )
      continue
    }
    const place = places[found.part]
    const file = `${fileOf(found.type)}${place.suffix}`
    try {
      machine.files.write(file, content.endsWith('\n') ? content : `${content}\n`, { mode: place.mode })
      if (found.part === 'certificate') certificates.push(`HostCertificate ${file}`)
    } catch (error) {
      report(`ssh_keys.${name}: ${messageOf(error)}`)
    }
  }
  addSshdLines(machine, certificates)
  for (const type of ['rsa', 'ecdsa', 'ed25519']) {
    if (!Object.hasOwn(given, `${type}_private`) || Object.hasOwn(given, `${type}_public`)) continue
    await derivePublicKey(machine, fileOf(type)).catch((error: unknown) => {
      machine.log.warning(`ssh_keys.${type}_private: no public key could be made from it: ${messageOf(error)}`)
    })
  }
}

export interface Generation {
  readonly types: readonly string[]
  readonly isQuiet: boolean
}

/** FIPS 140 knows no ed25519. */
const isFips = (machine: Machine): boolean =>
  machine.files.readTextIfExists('/proc/sys/crypto/fips_enabled')?.trim() === '1'

/** A power cut may have left a key without content. sshd can't use it, and ssh-keygen would not replace it. */
const removeEmpty = (machine: Machine, file: string): void => {
  for (const path of [file, `${file}.pub`]) {
    if (machine.files.stat(path)?.size === 0) machine.files.remove(path)
  }
}

const generateOne = async ({ machine, distro }: ModuleContext, type: string): Promise<string> => {
  const file = fileOf(type)
  removeEmpty(machine, file)
  if (machine.files.linkStat(file) !== undefined) {
    if (machine.files.linkStat(`${file}.pub`) === undefined) await derivePublicKey(machine, file)
    return ''
  }
  const { stdout } = await machine.run(['ssh-keygen', '-t', type, '-N', '', '-f', file], {
    env: { LANG: 'C' },
    timeoutSeconds: 300,
  })
  // Old Red Hat systems let the group of ssh-keysign read private host keys.
  const group = distro.family === 'redhat' ? distro.accounts.findGroup(machine, 'ssh_keys') : undefined
  if (group !== undefined) {
    machine.files.setOwner(file, { userId: 0, groupId: group })
    machine.files.setMode(file, 0o640)
  }
  return stdout.split("The key's randomart", 1)[0] ?? ''
}

/** Generates the missing host keys. A type that ssh-keygen does not know, or that fails, does not stop the others. */
export const generateHostKeys = async (context: ModuleContext, { types, isQuiet }: Generation): Promise<void> => {
  const { machine } = context
  if (types.length > 0) machine.files.makeFolder(folder)
  const fips = isFips(machine)
  const said = await Promise.all(
    types.map(async (type) => {
      if (fips && type === 'ed25519') return ''
      try {
        if (!/^[a-z0-9][a-z0-9-]*$/.test(type)) throw new ConfigError('ssh_genkeytypes', 'is not a type of key')
        return await generateOne(context, type)
      } catch (error) {
        machine.log.warning(`no host key of type ${JSON.stringify(type)} (ssh_genkeytypes): ${messageOf(error)}`)
        return ''
      }
    }),
  )
  const text = said.join('').trim()
  if (!isQuiet && text !== '') machine.log.announce(text)
}

/** Public host keys, each `type base64`, without the types that `blacklist` names. */
export const readHostKeys = (machine: Machine, blacklist: readonly string[]): string[] => {
  const hidden = new Set(blacklist.map((type) => `${fileOf(type)}.pub`))
  return machine.files
    .list(folder)
    .filter((name) => /^ssh_host_.*_key\.pub$/.test(name) && !hidden.has(`${folder}/${name}`))
    .flatMap((name) => {
      const [type, base64] = (machine.files.readTextIfExists(`${folder}/${name}`) ?? '').split(/\s+/)
      return type && base64 ? [`${type} ${base64}`] : []
    })
}

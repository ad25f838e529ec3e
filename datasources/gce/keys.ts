import { keyLines } from '../../src/instance/public-keys.ts'
import type { JsonObject } from '../../src/machine/json.ts'
import { parseTime } from '../../src/machine/time.ts'
import { textAttribute } from './attributes.ts'

/**
 * All key lines (`user:key`) that are in force, instance before project. Project keys don't count when the instance
 * blocks them, or has the old attribute `sshKeys`, which has always replaced them.
 * Source: Compute Engine documentation, "Add SSH keys to VMs".
 */
export const keyLinesOf = (instance: JsonObject, project: JsonObject): string[] => {
  const blocksProject = textAttribute(instance, 'instance', 'block-project-ssh-keys')?.toLowerCase() === 'true'
  const own = [textAttribute(instance, 'instance', 'sshKeys'), textAttribute(instance, 'instance', 'ssh-keys')]
  const shared =
    blocksProject || own[0]
      ? []
      : [textAttribute(project, 'project', 'ssh-keys'), textAttribute(project, 'project', 'sshKeys')]
  return keyLines([...own, ...shared].filter((text) => text !== undefined && text !== '').join('\n'))
}

/**
 * The keys among `lines` that are for this machine's own user (the guest agent takes care of the others).
 * @param now milliseconds since 1970: expired keys are left out
 */
export const publicKeysFor = (lines: readonly string[], defaultUser: string | undefined, now: number): string[] =>
  lines.flatMap((line) => {
    const colon = line.indexOf(':')
    if (colon < 0 || !isAscii(line)) return []
    const [user, key] = [line.slice(0, colon), line.slice(colon + 1)]
    const isOurs = user === 'cloudinit' || (defaultUser !== undefined && user === defaultUser)
    return isOurs && !isExpired(key, now) ? [key] : []
  })

const isAscii = (text: string): boolean => [...text].every((character) => character.charCodeAt(0) < 0x80)

/** `<type> <key> google-ssh {"userName":"...","expireOn":"2018-12-04T20:12:00+0000"}`: the form of keys with an end. */
const googleKey = /^\s*\S+\s+\S+\s+google-ssh\s+(\{[\s\S]*)$/
const expiryForm = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\+0000$/

/** An end that can't be read does not count: locking the user out would be worse. */
const isExpired = (key: string, now: number): boolean => {
  const json = googleKey.exec(key)?.[1]
  if (json === undefined) return false
  const expireOn = expiryOf(json)
  if (expireOn === undefined || !expiryForm.test(expireOn)) return false
  return now > (parseTime(expireOn.replace('+0000', 'Z')) ?? now)
}

const expiryOf = (json: string): string | undefined => {
  try {
    const value: { expireOn?: unknown } | null = JSON.parse(json)
    return typeof value?.expireOn === 'string' ? value.expireOn : undefined
  } catch {
    return undefined
  }
}

import type { Machine } from '../machine/machine.ts'
import type { Account, PasswordState } from './distro.ts'

/** The second folder is Ubuntu Core's (libnss-extrausers), where /etc/passwd is read-only. */
const folders = ['/etc', '/var/lib/extrausers'] as const

/** Fields of the line that begins with `name` in passwd(5), group(5) or shadow(5); undefined when there is none. */
const fieldsOf = (machine: Machine, file: string, name: string): string[] | undefined => {
  for (const folder of folders) {
    const text = machine.files.readTextIfExists(`${folder}/${file}`) ?? ''
    const line = text.split('\n').find((candidate) => candidate.startsWith(`${name}:`))
    if (line !== undefined) return line.split(':')
  }
  return undefined
}

const numberIn = (fields: readonly string[], index: number): number | undefined => {
  const text = fields[index] ?? ''
  return /^\d+$/.test(text) ? Number(text) : undefined
}

/** @returns undefined also for a broken line */
export const findAccount = (machine: Machine, name: string): Account | undefined => {
  const fields = fieldsOf(machine, 'passwd', name)
  if (fields === undefined) return undefined
  const [userId, groupId] = [numberIn(fields, 2), numberIn(fields, 3)]
  if (userId === undefined || groupId === undefined) return undefined
  return { name, userId, groupId, home: fields[5] ?? '', shell: fields[6] ?? '' }
}

export const findGroupNumber = (machine: Machine, name: string): number | undefined => {
  const fields = fieldsOf(machine, 'group', name)
  return fields === undefined ? undefined : numberIn(fields, 2)
}

export const findGroupMembers = (machine: Machine, group: string): readonly string[] =>
  fieldsOf(machine, 'group', group)?.[3]?.split(',').filter(Boolean) ?? []

/** Reads /etc/shadow(5): `!` before the hash locks it. Without a line there the account counts as having a password. */
export const findPasswordState = (machine: Machine, name: string): PasswordState => {
  const field = fieldsOf(machine, 'shadow', name)?.[1]
  if (field === undefined) return 'set'
  const hash = field.replace(/^!+/, '')
  if (hash === '') return field === '' ? 'empty' : 'none'
  return hash === field ? 'set' : 'set, locked'
}

import type { Machine } from '../machine/machine.ts'
import { findGroupNumber } from './accounts-files.ts'
import type { NewUser } from './distro.ts'

/** What useradd and groupadd would do to the account files, for a machine whose commands are only noted. */

const read = (machine: Machine, file: string): string => machine.files.readTextIfExists(file) ?? ''

const addLine = (machine: Machine, file: string, line: string): void => {
  const text = read(machine, file)
  machine.files.write(file, `${text}${text === '' || text.endsWith('\n') ? '' : '\n'}${line}\n`)
}

/** The next number as shadow-utils choose it: one above the highest in the range, SYS_* in login.defs being below 1000. */
const nextNumber = (machine: Machine, file: string, isSystem: boolean): number => {
  const [lowest, highest] = isSystem ? [100, 999] : [1000, 59_999]
  const used = read(machine, file)
    .split('\n')
    .map((line) => Number(line.split(':')[2] ?? 'none'))
    .filter((number) => number >= lowest && number <= highest)
  if (!isSystem) return Math.max(lowest - 1, ...used) + 1
  for (let number = highest; number >= lowest; number -= 1) if (!used.includes(number)) return number
  return highest
}

export const foreseeGroup = (machine: Machine, name: string, isSystem = false): number => {
  const known = findGroupNumber(machine, name)
  if (known !== undefined) return known
  const number = nextNumber(machine, '/etc/group', isSystem)
  addLine(machine, '/etc/group', `${name}:x:${number}:`)
  return number
}

export const foreseeMember = (machine: Machine, user: string, group: string): void => {
  const lines = read(machine, '/etc/group').split('\n')
  const withMember = lines.map((line) => {
    const [name, , , members = ''] = line.split(':')
    if (name !== group || members.split(',').includes(user)) return line
    return `${line}${members === '' ? '' : ','}${user}`
  })
  machine.files.write('/etc/group', withMember.join('\n'))
}

const primaryGroup = (machine: Machine, user: NewUser): number => {
  if (user.primaryGroup !== undefined) return findGroupNumber(machine, user.primaryGroup) ?? 100
  return user.createUserGroup ? foreseeGroup(machine, user.name, user.isSystem) : 100
}

export const foreseeUser = (machine: Machine, user: NewUser): void => {
  const userId = user.userId ?? nextNumber(machine, '/etc/passwd', user.isSystem ?? false)
  const groupId = primaryGroup(machine, user)
  const home = user.home ?? `/home/${user.name}`
  const fields = [user.name, 'x', userId, groupId, user.fullName ?? '', home, user.shell ?? '/bin/sh']
  addLine(machine, '/etc/passwd', fields.join(':'))
  // Locked and without a password. Who may not read the file sees none, and must not be shown a new one.
  if (read(machine, '/etc/shadow') !== '') addLine(machine, '/etc/shadow', `${user.name}:!:::::::`)
  for (const group of user.groups ?? []) foreseeMember(machine, user.name, group)
  if (user.createHome) machine.files.makeFolder(home, { mode: 0o755, owner: { userId, groupId } })
}

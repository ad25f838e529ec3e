import type { ModuleContext } from '../../src/cloudconfig/module.ts'
import { loadDistro } from '../../src/distros/index.ts'
import type { InstanceData } from '../../src/instance/instance-data.ts'
import { defaultPaths } from '../../src/instance/paths.ts'
import type { JsonObject } from '../../src/machine/json.ts'
import {
  type MemoryCommand,
  type MemoryCommandHandler,
  type MemoryFile,
  type MemoryMachine,
  type MemoryOptions,
  memoryMachine,
} from '../../src/machine/memory.ts'

/** A made-up Debian: account files, sshd's configuration, and the account tools, as far as their effect on files goes. */

const passwd = 'root:x:0:0:root:/root:/bin/bash\ngames:x:5:60:games:/usr/games:/usr/sbin/nologin\n'
const shadow = 'root:*:19000:0:99999:7:::\ngames:*:19000:0:99999:7:::\n'
const group = 'root:x:0:\nadm:x:4:\nsudo:x:27:\ngames:x:60:\nusers:x:100:\n'

export const debianFiles: Readonly<Record<string, MemoryFile>> = {
  '/etc/passwd': passwd,
  '/etc/shadow': { content: shadow, mode: 0o640 },
  '/etc/group': group,
  '/etc/os-release': 'ID=debian\n',
  '/etc/sudoers': { content: '@includedir /etc/sudoers.d\n', mode: 0o440 },
  '/etc/sudoers.d/': '',
  '/etc/ssh/sshd_config': 'Include /etc/ssh/sshd_config.d/*.conf\nUsePAM yes\n',
  '/etc/ssh/sshd_config.d/': '',
  '/root': { folder: true, mode: 0o700 },
  '/usr/games/': '',
  '/home/': '',
  '/dev/console': { device: true },
  '/run/systemd/system/': '',
}

const linesOf = (machine: MemoryMachine, file: string): string[][] =>
  machine.files
    .readText(file)
    .split('\n')
    .filter(Boolean)
    .map((line) => line.split(':'))

const save = (machine: MemoryMachine, file: string, lines: readonly (readonly string[])[]): void =>
  machine.files.write(file, lines.map((fields) => `${fields.join(':')}\n`).join(''))

const next = (lines: readonly (readonly string[])[]): string =>
  String(Math.max(999, ...lines.map((fields) => Number(fields[2])).filter((number) => number < 60_000)) + 1)

const optionValue = (argv: readonly string[], option: string): string | undefined =>
  argv.includes(option) ? argv[argv.indexOf(option) + 1] : undefined

const failed = (stderr: string, exitCode = 9): MemoryCommand => ({ stderr, exitCode })

const withMember = (groups: readonly string[][], user: string, names: readonly string[]): string[][] =>
  groups.map(([name = '', x = '', id = '', members = '']) =>
    names.includes(name)
      ? [name, x, id, [...members.split(',').filter(Boolean), user].join(',')]
      : [name, x, id, members],
  )

const addMembers = (machine: MemoryMachine, user: string, names: readonly string[]): void =>
  save(machine, '/etc/group', withMember(linesOf(machine, '/etc/group'), user, names))

const groupadd: MemoryCommandHandler = (argv, _options, machine) => {
  const name = argv.at(-1) ?? ''
  const lines = linesOf(machine, '/etc/group')
  if (!/^[A-Za-z_][\w.-]*\$?$/.test(name)) return failed(`groupadd: '${name}' is not a valid group name`, 3)
  save(machine, '/etc/group', [...lines, [name, 'x', next(lines), '']])
  return ''
}

const useradd: MemoryCommandHandler = (argv, _options, machine) => {
  const name = argv.at(-1) ?? ''
  const users = linesOf(machine, '/etc/passwd')
  const groups = linesOf(machine, '/etc/group')
  const has = (wanted: string): boolean => groups.some(([known]) => known === wanted)
  const supplementary = optionValue(argv, '--groups')?.split(',') ?? []
  const missing = supplementary.find((wanted) => !has(wanted))
  if (users.some(([known]) => known === name)) return failed(`useradd: user '${name}' already exists`)
  if (missing !== undefined) return failed(`useradd: group '${missing}' does not exist`, 6)
  if (optionValue(argv, '--shell') === '/bad') return failed("useradd: invalid shell '/bad'", 3)
  const primary = optionValue(argv, '--gid')
  const ownGroup = primary === undefined && !argv.includes('--no-user-group')
  if (ownGroup && has(name)) return failed(`useradd: group ${name} exists - if you want to add this user to it, use -g`)
  const groupId = ownGroup ? next(groups) : (groups.find(([known]) => known === primary)?.[2] ?? '100')
  const userId = optionValue(argv, '--uid') ?? next(users)
  const home = optionValue(argv, '--home-dir') ?? `/home/${name}`
  const rest = [optionValue(argv, '--comment') ?? '', home, optionValue(argv, '--shell') ?? '/bin/sh']
  // In the order in which useradd closes its files: whoever is cut off in between leaves an account without the rest.
  save(machine, '/etc/passwd', [...users, [name, 'x', userId, groupId, ...rest]])
  save(machine, '/etc/shadow', [
    ...linesOf(machine, '/etc/shadow'),
    [name, '!', '19000', '0', '99999', '7', '', '', ''],
  ])
  save(
    machine,
    '/etc/group',
    withMember(ownGroup ? [...groups, [name, 'x', groupId, '']] : groups, name, supplementary),
  )
  const owner = { userId: Number(userId), groupId: Number(groupId) }
  if (argv.includes('--create-home')) machine.files.makeFolder(home, { mode: 0o755, owner })
  return ''
}

const userdel: MemoryCommandHandler = (argv, _options, machine) => {
  const name = argv.at(-1)
  for (const file of ['/etc/passwd', '/etc/shadow']) {
    const others = linesOf(machine, file).filter(([known]) => known !== name)
    save(machine, file, others)
  }
  const groups = linesOf(machine, '/etc/group')
    .filter(([group]) => group !== name)
    .map(([group = '', x = '', id = '', members = '']) => {
      const others = members.split(',').filter((member) => member !== name)
      return [group, x, id, others.join(',')]
    })
  save(machine, '/etc/group', groups)
  return ''
}

const setField = (machine: MemoryMachine, name: string, change: (hash: string) => string): MemoryCommand => {
  const lines = linesOf(machine, '/etc/shadow')
  if (!lines.some(([known]) => known === name)) return failed(`user '${name}' does not exist`, 1)
  save(
    machine,
    '/etc/shadow',
    lines.map(([known = '', hash = '', ...more]) => [known, known === name ? change(hash) : hash, ...more]),
  )
  return ''
}

const chpasswd: MemoryCommandHandler = (argv, { input }, machine) => {
  const lines = String(input).split('\n').filter(Boolean)
  for (const line of lines) {
    const [name = '', password = ''] = line.split(/:(.*)/s)
    const result = setField(machine, name, () => (argv[1] === '-e' ? password : `crypt(${password})`))
    if (result !== '') return result
  }
  return ''
}

const changePassword: MemoryCommandHandler = (argv, _options, machine) => {
  const name = argv.at(-1) ?? ''
  const changes: Readonly<Record<string, (hash: string) => string>> = {
    '-l': (hash) => (hash.startsWith('!') ? hash : `!${hash}`),
    '-u': (hash) => hash.replace(/^!/, ''),
    '-d': () => '',
    '--expire': (hash) => hash,
  }
  const change = changes[argv[1] ?? '']
  return change ? setField(machine, name, change) : failed('passwd: unknown option', 2)
}

const sshKeygen: MemoryCommandHandler = (argv, { input }, machine) => {
  const file = optionValue(argv, '-f') ?? ''
  if (argv.includes('-l')) {
    const lines = String(input).split('\n').filter(Boolean)
    return lines.map((line) => `256 SHA256:of-${line.split(' ')[1]} no comment\n`).join('')
  }
  if (argv.includes('-y')) return `ssh-made from-${machine.files.readText(file).trim()}\n`
  const type = optionValue(argv, '-t') ?? ''
  if (!['rsa', 'ecdsa', 'ed25519', 'dsa'].includes(type)) return failed(`unknown key type ${type}`, 255)
  machine.files.write(file, `private ${type}\n`, { mode: 0o600 })
  machine.files.write(`${file}.pub`, `ssh-${type} AAAA${type} root@made-up\n`)
  return `Generating public/private ${type} key pair.\n`
}

export const tools: Readonly<Record<string, MemoryCommandHandler>> = {
  useradd,
  groupadd,
  chpasswd,
  passwd: changePassword,
  'ssh-keygen': sshKeygen,
  usermod: (argv, _options, machine) => {
    addMembers(machine, argv.at(-1) ?? '', (optionValue(argv, '--groups') ?? '').split(','))
    return ''
  },
  userdel,
  systemctl: (argv) => (argv[1] === 'show' ? 'LoadState=loaded\nActiveState=active\n' : ''),
  snap: () => '{"username": "joe"}',
  visudo: (_argv, { input }) => (String(input).includes('NONSENSE') ? failed('>>> stdin: syntax error', 1) : ''),
}

export const madeUpDebian = (options: MemoryOptions = {}): MemoryMachine =>
  memoryMachine({
    which: Object.keys(tools),
    ...options,
    files: { ...debianFiles, ...options.files },
    onCommand: async (argv, given, machine) =>
      (await options.onCommand?.(argv, given, machine)) ?? tools[argv[0] ?? '']?.(argv, given, machine),
  })

export const debianDefaultUser: JsonObject = {
  name: 'debian',
  lock_passwd: true,
  gecos: 'Debian',
  groups: ['adm', 'sudo', 'netdev'],
  sudo: ['ALL=(ALL) NOPASSWD:ALL'],
  shell: '/bin/bash',
}

/** What a module gets on the made-up Debian: `cloudConfig` is the whole configuration. */
export const contextFor = async (
  machine: MemoryMachine,
  cloudConfig: JsonObject,
  data: Partial<InstanceData> = {},
  more: Partial<ModuleContext> = {},
): Promise<ModuleContext> => {
  const systemInfo = { distro: 'debian', default_user: debianDefaultUser, ssh_svcname: 'ssh' }
  return {
    machine,
    distro: await loadDistro('debian', systemInfo, machine),
    instance: {
      id: 'i-1',
      datasource: 'NoCloud',
      data: { instanceId: 'i-1', ...data },
      folder: '/var/lib/cloud/instances/i-1',
      isNew: true,
      variables: {},
    },
    paths: defaultPaths,
    cloudConfig,
    arguments: [],
    afterMark: (step: () => void) => step(),
    publishHostKeys: async () => {},
    ...more,
  }
}

/** Commands that changed something, as text, without the probing ones. */
export const commandLines = (machine: MemoryMachine): string[] =>
  machine.commands.filter(({ asked }) => !asked).map(({ argv }) => argv.join(' '))

/** Fields of a line in an account file. */
export const lineOf = (machine: MemoryMachine, file: string, name: string): string | undefined =>
  machine.files
    .readText(file)
    .split('\n')
    .find((line) => line.startsWith(`${name}:`))

/** Levels and messages of warnings and errors. */
export const complaints = (machine: MemoryMachine): string[] =>
  machine.records.filter(({ level }) => level === 'WARNING' || level === 'ERROR').map(({ message }) => message)

import { readFileSync } from 'node:fs'
import { openBoot } from '../../src/boot/open-boot.ts'
import { reportStatus, type StatusReport, statusAsData } from '../../src/boot/report-status.ts'
import { runBootStage } from '../../src/boot/stages.ts'
import { stageNames } from '../../src/boot/status.ts'
import { FileError } from '../../src/machine/errors.ts'
import {
  type MemoryCommandHandler,
  type MemoryFile,
  type MemoryMachine,
  type MemoryOptions,
  memoryMachine,
  type TreeEntry,
} from '../../src/machine/memory.ts'
import { debianFiles, tools } from '../modules/made-up-debian.ts'

/** The key that the image brings for its default user. */
export const imageKey = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIImageImageImageImageImageImageImageImageImag image'

export const shippedConfig = readFileSync(new URL('../../config/cloud.cfg', import.meta.url), 'utf8')

/** What the image's owner wanted, besides what firstlight ships: a key, a file, few host keys, no network renderer. */
const imageConfig = `datasource_list: [NoCloud, None]
ssh_genkeytypes: [ed25519]
ssh_authorized_keys: ["${imageKey}"]
write_files:
  - {path: /etc/from-image, content: "image\\n"}
`

/** Files of a machine before its first boot, without a cloud. */
export const imageFiles: Readonly<Record<string, MemoryFile>> = {
  '/etc/cloud/cloud.cfg': shippedConfig,
  '/etc/cloud/cloud.cfg.d/50-image.cfg': imageConfig,
  '/etc/hostname': 'image\n',
  '/etc/hosts': '127.0.0.1 localhost\n',
  '/etc/locale.gen': '# en_US.UTF-8 UTF-8\n# de_DE.UTF-8 UTF-8\n',
  '/usr/share/zoneinfo/Europe/Berlin': 'TZif\n',
  '/usr/share/zoneinfo/Etc/UTC': 'TZif\n',
  '/etc/ssh/ssh_host_ed25519_key': { content: 'private of the image\n', mode: 0o600 },
  '/etc/ssh/ssh_host_ed25519_key.pub': 'ssh-ed25519 AAAAimage root@image\n',
  '/proc/cmdline': 'root=/dev/vda1\n',
  '/proc/sys/kernel/ostype': 'Linux\n',
  '/proc/sys/kernel/version': '#1\n',
  '/proc/sys/kernel/arch': 'x86_64\n',
  '/proc/sys/kernel/hostname': 'image\n',
  '/proc/self/mountinfo': '29 1 254:1 / / rw - ext4 /dev/vda1 rw\n',
  '/dev/vda1': { device: true },
  '/proc/uptime': '10.00 10.00\n',
  '/var/log/': '',
  '/var/tmp/': '',
}

/** The seed folder of NoCloud. */
export const seed = (userData: string | Uint8Array, metaData = 'instance-id: iid-1\nlocal-hostname: web-1\n') => ({
  '/var/lib/cloud/seed/nocloud/meta-data': metaData,
  '/var/lib/cloud/seed/nocloud/user-data': userData,
})

const quiet: Readonly<Record<string, string>> = {
  hostname: '',
  'locale-gen': '',
  growpart: '',
  resize2fs: '',
  eject: '',
  'systemd-detect-virt': 'kvm\n',
}

/** A script leaves its name behind. */
const runScript: MemoryCommandHandler = (argv, _options, machine) => {
  const program = argv[0] === '/bin/sh' ? (argv[1] ?? '') : (argv[0] ?? '')
  if (!program.startsWith('/') || machine.files.stat(program)?.type !== 'file') return undefined
  machine.files.write(`/ran/${program.split('/').at(-1)}`, machine.files.readText(program))
  return ''
}

/** What a command does on the made-up machine. One that can't write says so and fails; it throws nothing. */
const madeUpCommand: MemoryCommandHandler = async (argv, given, machine) => {
  const [program = ''] = argv
  try {
    return quiet[program] ?? (await (tools[program] ?? runScript)(argv, given, machine))
  } catch (error) {
    if (error instanceof FileError) return { exitCode: 1, stderr: `${program}: ${error.message}\n` }
    throw error
  }
}

/** A machine that is about to boot: the made-up Debian, firstlight's own cloud.cfg, and what is given over it. */
export const bootable = (options: MemoryOptions = {}): MemoryMachine =>
  memoryMachine({
    which: [...Object.keys(tools), ...Object.keys(quiet)],
    ...options,
    files: { ...debianFiles, ...imageFiles, ...options.files },
    onCommand: async (argv, given, machine) =>
      (await options.onCommand?.(argv, given, machine)) ?? madeUpCommand(argv, given, machine),
  })

/** The four stages, each as a process of its own would run it, or all in one. Returns the failures of each. */
export const bootStages = async (machine: MemoryMachine, how: 'one process' | 'four processes' = 'one process') => {
  const open = () => openBoot({ machine, records: machine.records, shippedConfig })
  let boot = await open()
  const errors: string[] = []
  for (const name of stageNames) {
    if (how === 'four processes') boot = await open()
    errors.push(...(await runBootStage(boot, name)).errors)
  }
  return errors
}

/** Every line that `status --long` shows about something that went wrong. */
export const statusLines = (machine: MemoryMachine): string[] => linesOf(reportStatus(machine))

const linesOf = ({ errors, recoverable }: StatusReport): string[] => [...errors, ...Object.values(recoverable).flat()]

/** `status --format json`. */
export const statusData = (machine: MemoryMachine) => statusAsData(reportStatus(machine))

const fileOf = ({ type, bytes, content, mode, userId, groupId }: TreeEntry): MemoryFile => {
  if (type === 'link') return { link: content }
  if (type === 'folder') return { folder: true, mode, userId, groupId }
  if (type === 'socket') return { socket: true }
  return type === 'file' ? { content: bytes, mode, userId, groupId } : { device: true }
}

/** The disk of a machine, as the next boot finds it: /run, /proc and /sys are made anew. */
export const diskOf = (machine: MemoryMachine): Record<string, MemoryFile> =>
  Object.fromEntries(
    Object.entries(machine.tree())
      .filter(([path]) => !/^\/(run|proc|sys)(\/|$)/.test(path))
      .map(([path, entry]) => [path, fileOf(entry)]),
  )

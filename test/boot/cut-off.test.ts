/** A boot that is cut off anywhere, and begins again, ends in the state of one that nobody disturbed. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { MemoryFile, MemoryMachine, MemoryOptions } from '../../src/machine/memory.ts'
import { bootable, bootStages, diskOf, seed, statusLines } from './made-up-boot.ts'

const key = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAILi03nuJkaMDM4BMt3eeUGy5f5mJALrPb2iGgva7gwYs grace@example.test'

const userData = `#cloud-config
hostname: web-1
fqdn: web-1.example.test
manage_etc_hosts: true
timezone: Europe/Berlin
locale: de_DE.UTF-8
ssh_pwauth: true
ssh_authorized_keys: ["${key}"]
chpasswd: {expire: false, users: [{name: ada, password: changed, type: text}]}
groups: [crew: [root]]
users:
  - default
  - {name: ada, groups: [adm, crew], sudo: "ALL=(ALL) NOPASSWD:ALL", ssh_authorized_keys: ["${key}"]}
  - {name: bob, shell: /bin/bash, plain_text_passwd: bobs, lock_passwd: false}
write_files:
  - {path: /etc/one, content: "one\\n"}
  - {path: /srv/deep/folder/two, content: "two\\n", owner: "games:adm", permissions: "0640"}
  - {path: /etc/hosts.allow, content: "appended\\n", append: true}
  - {path: /etc/new, content: "appended to nothing\\n", append: true, permissions: "0600"}
  - {path: /home/ada/notes, content: "late\\n", owner: "ada:ada", defer: true}
  - {path: /etc/late, content: "late and appended\\n", append: true, defer: true}
bootcmd: [echo early]
runcmd: [echo hello]
random_seed: {file: /var/lib/seed, data: seeds}
`

const imageFiles: Readonly<Record<string, MemoryFile>> = {
  '/etc/hosts.allow': { content: 'before\n', mode: 0o640 },
  '/etc/cloud/templates/hosts.debian.tmpl': '127.0.1.1 {{fqdn}} {{hostname}}\n127.0.0.1 localhost\n',
}

const changes = new Set([
  'write',
  'append to',
  'make folder',
  'remove',
  'link',
  'rename',
  'change the mode of',
  'change the owner of',
  'change the time of',
])

interface Doomed {
  readonly machine: MemoryMachine
  /** Operations that it did, or would have done. */
  operations(): number
  /** Its disk, as the next boot finds it, when it was the power that went. */
  diskAfterPowerCut(): Record<string, MemoryFile>
}

/**
 * What a disk holds that lost power: of files that were written and not flushed, names without content; of what was
 * appended, zeros. (ext4 has a name on the disk up to half a minute before the content; that of files which replace
 * others it waits for.)
 * @param unsynced path -> how many bytes of it are on the disk
 */
const withoutUnsynced = (disk: Record<string, MemoryFile>, unsynced: ReadonlyMap<string, number>) =>
  Object.fromEntries(
    Object.entries(disk).map(([path, file]): [string, MemoryFile] => {
      const kept = unsynced.get(path)
      if (kept === undefined || typeof file !== 'object' || !('content' in file)) return [path, file]
      const bytes = Buffer.from(file.content)
      return [path, { ...file, content: kept === 0 ? '' : bytes.fill(0, kept) }]
    }),
  )

/**
 * A machine that dies right before its operation `last` (of 0, 1, ...): from then on nothing changes any more. Every
 * change of a file is an operation, those that a command makes included, and so is starting a command.
 */
const dying = (options: MemoryOptions, last: number): Doomed => {
  let count = 0
  const unsynced = new Map<string, number>()
  const isDead = (): boolean => {
    count += 1
    return count > last
  }
  const note = (action: string, path: string): void => {
    if (action === 'flush' && path === '/') unsynced.clear()
    else if (action === 'flush') unsynced.delete(path)
    const size = machine.files.linkStat(path)?.size ?? 0
    if (action === 'append to' && !unsynced.has(path)) unsynced.set(path, size)
    if (action === 'write' && size === 0) unsynced.set(path, 0)
    else if (action === 'write') unsynced.delete(path)
  }
  const machine: MemoryMachine = bootable({
    ...options,
    fault: (action, path) => {
      if (changes.has(action) && isDead()) return 'EIO'
      if (count <= last) note(action, path)
      return undefined
    },
    onCommand: (_argv, _options, self) => {
      if (self.commands.at(-1)?.asked || !isDead()) return undefined
      return { exitCode: 137, stderr: 'killed' }
    },
  })
  return {
    machine,
    operations: () => count,
    diskAfterPowerCut: () => withoutUnsynced(diskOf(machine), unsynced),
  }
}

const times = /"(start|finished)": [0-9.]+/g

/** Where the state tells of the boot before, or of times, it may differ; and logs tell of both boots. */
const volatile = /^\/(run\/|var\/log\/)|\/data\/(changes\.jsonl|previous-instance-id|previous-datasource)$/
/** Notes that only a run which is cut off needs; one that is left over says nothing once the mark is set. */
const note = /\/instances\/[^/]+\/[^/]+(-appended\.json|\.unfinished)$/
const isMark = (path: string): boolean => /\/sem\/|\/boot-finished$/.test(path)

/** What of a machine's end must not depend on how often it was cut off. */
const endOf = (machine: MemoryMachine): Record<string, string> =>
  Object.fromEntries(
    Object.entries(machine.tree())
      .filter(([path]) => !volatile.test(path) && !note.test(path))
      .map(([path, { type, mode, userId, groupId, content }]) => {
        const shown = isMark(path) ? '' : content.replaceAll(times, '"$1": 0')
        return [path, `${type} ${mode.toString(8)} ${userId}:${groupId} ${shown}`]
      }),
  )

const differences = (actual: Record<string, string>, expected: Record<string, string>): string[] =>
  [...new Set([...Object.keys(actual), ...Object.keys(expected)])]
    .filter((path) => actual[path] !== expected[path])
    .map((path) => `${path}: ${actual[path]} instead of ${expected[path]}`)

interface Input {
  readonly name: string
  readonly options: MemoryOptions
  /** Files that a second boot finds changed: another instance's seed. */
  readonly secondSeed?: Readonly<Record<string, MemoryFile>>
}

const mime = [
  'Content-Type: multipart/mixed; boundary="xx"\nMIME-Version: 1.0\n',
  '--xx\nContent-Type: text/x-shellscript\nContent-Disposition: attachment; filename="script"\n\n#!/bin/sh\necho one\n',
  '--xx\nContent-Type: text/cloud-boothook\nContent-Disposition: attachment; filename="hook"\n\n#!/bin/sh\necho two\n',
  '--xx\nContent-Type: text/x-shellscript-per-once\nContent-Disposition: attachment; filename="once"\n\n#!/bin/sh\n:\n',
  '--xx\nContent-Type: text/cloud-config\n\nhostname: parts\nusers: [default, {name: ada}]\n',
  '--xx--\n',
].join('\n')

const drive = {
  'openstack/latest/meta_data.json': JSON.stringify({
    uuid: 'uuid-1',
    hostname: 'drive.example.test',
    public_keys: { one: key },
    random_seed: 'c2VlZA==',
    files: [
      { path: '/etc/injected/one', content_path: '/content/0000' },
      { path: '/etc/injected/two', content_path: '/content/0001' },
    ],
  }),
  'openstack/content/0000': 'injected one\n',
  'openstack/content/0001': 'injected two\n',
  'openstack/latest/user_data': mime,
  'openstack/latest/vendor_data.json': JSON.stringify('#cloud-config\ntimezone: Etc/UTC\n'),
}

const inputs: readonly Input[] = [
  { name: 'with much user-data', options: { files: { ...imageFiles, ...seed(userData) } } },
  {
    name: 'on a config drive, with scripts and injected files',
    options: {
      files: { '/etc/cloud/cloud.cfg.d/90-drive.cfg': 'datasource_list: [ConfigDrive, None]\n' },
      disks: [{ path: '/dev/sr0', label: 'config-2', type: 'iso9660', files: drive }],
    },
  },
  {
    name: 'as another instance than before',
    options: { files: { ...imageFiles, ...seed(userData) } },
    secondSeed: seed('#cloud-config\nusers: [default, {name: eve}]\nhostname: web-2\n', 'instance-id: iid-2\n'),
  },
]

/** The next boot of a machine's disk. */
const again = (disk: Readonly<Record<string, MemoryFile>>, { disks }: MemoryOptions): MemoryOptions => ({
  files: { ...disk, '/run/systemd/system/': '' },
  ...(disks && { disks }),
})

/** Of so many moments one is tried with a disk that loses what was not flushed. */
const powerCutEvery = Number(process.env['POWER_CUT_EVERY'] ?? 7)

/** What a boot of this input begins with. */
const beginning = async ({ options, secondSeed }: Input): Promise<MemoryOptions> => {
  if (secondSeed === undefined) return options
  const before = bootable(options)
  await bootStages(before)
  const { files } = again(diskOf(before), options)
  return { ...options, files: { ...files, ...secondSeed } }
}

for (const input of inputs) {
  test(`a boot ${input.name} that is cut off anywhere ends as an undisturbed one after the next`, async () => {
    const options = await beginning(input)
    const undisturbed = dying(options, Number.POSITIVE_INFINITY)
    assert.deepEqual(await bootStages(undisturbed.machine), [])
    assert.deepEqual(statusLines(undisturbed.machine), [])
    const expected = endOf(undisturbed.machine)
    const operations = undisturbed.operations()
    assert.ok(operations > 80, `${operations} operations`)
    for (let last = 0; last < operations; last += 1) {
      const { machine, diskAfterPowerCut } = dying(options, last)
      await bootStages(machine)
      const disks = {
        'cut off': diskOf(machine),
        ...(last % powerCutEvery === 0 && { 'power cut': diskAfterPowerCut() }),
      }
      for (const [how, disk] of Object.entries(disks)) {
        const next = bootable(again(disk, options))
        await bootStages(next)
        assert.deepEqual(differences(endOf(next), expected), [], `${how} before operation ${last} of ${operations}`)
      }
    }
  })
}

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { modules } from '../../modules/index.ts'
import type { JsonObject } from '../../src/machine/json.ts'
import type { MemoryMachine, TreeEntry } from '../../src/machine/memory.ts'
import { contextFor, madeUpDebian } from './made-up-debian.ts'

/** Thrown where the power goes: nothing that the module does about it may reach the machine any more. */
class PowerCut extends Error {}

const config: JsonObject = {
  hostname: 'h1',
  manage_etc_hosts: 'localhost',
  timezone: 'Europe/Berlin',
  locale: 'de_DE.UTF-8',
  write_files: [
    { path: '/srv/a/b', content: 'one\n', owner: 'games:games', permissions: '0600' },
    { path: '/etc/motd', content: 'two\n', append: true },
    { path: '/etc/motd', content: 'three\n', append: true, permissions: '0640' },
    { path: '/srv/later', content: 'four\n', defer: true },
  ],
  random_seed: { file: '/root/seed', data: 'random' },
  runcmd: ['echo x'],
  packages: ['htop'],
  final_message: 'done',
}

const ids = [
  'seed_random',
  'write_files',
  'set_hostname',
  'update_hostname',
  'update_etc_hosts',
  'locale',
  'timezone',
  'runcmd',
  'package_update_upgrade_install',
  'write_files_deferred',
  'final_message',
]

const machineOf = (): MemoryMachine =>
  madeUpDebian({
    which: ['hostname', 'locale-gen', 'apt-get', 'apt-cache'],
    onCommand: () => '',
    files: {
      '/etc/hostname': 'base\n',
      '/etc/hosts': '127.0.0.1 localhost\n',
      '/etc/motd': 'old\n',
      '/usr/share/zoneinfo/Europe/Berlin': 'TZif',
      '/etc/localtime': { link: '/usr/share/zoneinfo/Etc/UTC' },
    },
  })

const changing = ['write', 'append', 'makeFolder', 'remove', 'symlink', 'rename', 'setMode', 'setOwner'] as const

/** The machine until its `limit`th change; from then on nothing changes it any more. */
const cutAfter = (machine: MemoryMachine, limit: number): MemoryMachine => {
  let changes = 0
  const spend = (): void => {
    changes += 1
    if (changes > limit) throw new PowerCut()
  }
  const files = Object.fromEntries(
    changing.map((name) => {
      const real = machine.files[name] as (...words: unknown[]) => void
      return [
        name,
        (...words: unknown[]) => {
          spend()
          real(...words)
        },
      ]
    }),
  )
  return {
    ...machine,
    files: { ...machine.files, ...files },
    run: async (argv, options) => {
      spend()
      return machine.run(argv, options)
    },
  }
}

/** Runs a module, sets its mark, and does what comes after that; false when the power went before. */
const runModule = async (machine: MemoryMachine, id: string): Promise<boolean> => {
  const module = await modules[id]?.()
  const steps: (() => void)[] = []
  const data = { localHostname: 'meta.example.test' }
  const context = await contextFor(machine, config, data, { afterMark: (step) => void steps.push(step) })
  const instance = { ...context.instance, hostname: 'meta', fqdn: 'meta.example.test' }
  try {
    await module?.run(config, { ...context, instance })
    machine.files.write(`${context.instance.folder}/sem/config_${id}`, '')
    for (const step of steps) step()
    return true
  } catch {
    return false
  }
}

/** Without the module's own notes, and without what says when something was. */
const outcome = (machine: MemoryMachine): Record<string, Omit<TreeEntry, 'bytes'>> =>
  Object.fromEntries(
    Object.entries(machine.tree())
      .filter(([path]) => !/-appended\.json$|^\/run\/cloud-init/.test(path))
      .map(([path, { bytes: _, ...entry }]) => [path, entry]),
  )

for (const id of ids) {
  test(`${id}: a boot that is cut off at any change ends, after the next one, as an undisturbed one`, async () => {
    const undisturbed = machineOf()
    assert.equal(await runModule(undisturbed, id), true)
    for (let limit = 0; limit < 40; limit += 1) {
      const machine = machineOf()
      const cut = cutAfter(machine, limit)
      await runModule(cut, id)
      const isMarked = machine.files.exists(`/var/lib/cloud/instances/i-1/sem/config_${id}`)
      if (!isMarked) assert.equal(await runModule(machine, id), true)
      assert.deepEqual(outcome(machine), outcome(undisturbed), `cut off after ${limit} changes`)
    }
  })
}

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openBoot } from '../../src/boot/open-boot.ts'
import type { ProgressEvent } from '../../src/boot/progress.ts'
import { runBootStage } from '../../src/boot/stages.ts'
import { stageNames } from '../../src/boot/status.ts'
import type { MemoryFile, MemoryMachine } from '../../src/machine/memory.ts'
import { bootable, bootStages, diskOf, seed } from './made-up-boot.ts'

/** A whole boot, and what it told of its modules: `timezone done`. */
const told = async (machine: MemoryMachine): Promise<string[]> => {
  const events: ProgressEvent[] = []
  const boot = await openBoot({ machine, records: machine.records, progress: (event) => events.push(event) })
  for (const name of stageNames) await runBootStage(boot, name)
  return events.flatMap(({ type, module, state, message }) =>
    type === 'module' && state !== 'start' ? [`${module} ${state}${message === undefined ? '' : `: ${message}`}`] : [],
  )
}

const withLists = (lists: string, userData = '{}'): Readonly<Record<string, MemoryFile>> => ({
  ...seed(`#cloud-config\n${userData}\n`),
  '/etc/cloud/cloud.cfg.d/90-lists.cfg': `cloud_init_modules: []\ncloud_config_modules: []\ncloud_final_modules: []\n${lists}\n`,
})

const later = (machine: MemoryMachine, files: Readonly<Record<string, MemoryFile>> = {}): MemoryMachine =>
  bootable({ files: { ...diskOf(machine), '/run/systemd/system/': '', ...files } })

test('a module that fails does not stop the others, and is the stage’s error', async () => {
  const files = withLists('cloud_config_modules: [locale, timezone, runcmd]', 'timezone: Mars/Base\nruncmd: [echo]')
  const machine = bootable({ files })
  const events = await told(machine)
  assert.equal(events[0], 'locale done')
  assert.match(events[1] ?? '', /^timezone failed: timezone: there is no zone Mars\/Base/)
  assert.equal(events[2], 'runcmd done')
  const again = bootable({ files })
  const errors = await bootStages(again)
  assert.equal(errors.length, 1)
})

test('modules run in the order of their lists, one after another', async () => {
  const lists = 'cloud_init_modules: [update_hostname, set_hostname]\ncloud_final_modules: [final_message, runcmd]'
  const events = await told(bootable({ files: withLists(lists, 'runcmd: [echo]') }))
  assert.deepEqual(events, ['update_hostname done', 'set_hostname done', 'final_message done', 'runcmd done'])
})

test('what is not run says why', async () => {
  const lists = 'cloud_config_modules: [ntp, [timezone, once], [locale, always], apk_configure]'
  const files = withLists(lists, 'timezone: Europe/Berlin\napk_repos: {preserve_repositories: true}')
  const first = bootable({ files })
  const skipped = (events: readonly string[]): string[] => events.filter((event) => event.includes('skipped'))
  assert.deepEqual(skipped(await told(first)), [
    'ntp skipped: nothing in the configuration asks for it',
    'apk_configure skipped: it is not for debian',
  ])
  assert.deepEqual(skipped(await told(later(first))), [
    'ntp skipped: nothing in the configuration asks for it',
    'timezone skipped: it has run once on this image',
    'apk_configure skipped: it is not for debian',
  ])
})

test('unverified_modules lets a module run on a distribution it is not for', async () => {
  const lists = 'cloud_config_modules: [apk_configure]\nunverified_modules: [apk_configure]'
  const events = await told(bootable({ files: withLists(lists, 'apk_repos: {preserve_repositories: true}') }))
  assert.deepEqual(events, ['apk_configure done'])
})

test('marks have cloud-init’s names and places: per instance, once; none for what runs always', async () => {
  const lists =
    'cloud_final_modules: [[runcmd, instance], [scripts_per_once], [final_message, always], [timezone, once]]'
  const machine = bootable({ files: withLists(lists, 'runcmd: [echo]\ntimezone: Europe/Berlin') })
  await bootStages(machine)
  const marks = Object.keys(machine.tree()).filter((path) => /\/sem\//.test(path))
  assert.deepEqual(marks, [
    '/var/lib/cloud/instances/iid-1/sem/config_runcmd',
    '/var/lib/cloud/instances/iid-1/sem/consume_data',
    '/var/lib/cloud/sem/config_scripts_per_once.once',
    '/var/lib/cloud/sem/config_timezone.once',
  ])
})

test('at a later boot what runs once per instance does not run again; for another instance it does', async () => {
  const files = withLists('cloud_final_modules: [runcmd, scripts_user, scripts_per_once]', 'runcmd: [echo]')
  const scripts = (machine: MemoryMachine): string[] =>
    machine.commands.flatMap(({ argv }) => /^\/var\/lib\/cloud\/.*\/(\w+)$/.exec(argv[0] ?? '')?.[1] ?? [])
  const first = bootable({
    files: { ...files, '/var/lib/cloud/scripts/per-once/a': { content: '#!/bin/sh\n', mode: 0o755 } },
  })
  await bootStages(first)
  assert.deepEqual(scripts(first), ['runcmd', 'a'])
  const second = later(first)
  await bootStages(second)
  assert.deepEqual(scripts(second), [])
  const third = later(second, seed('#cloud-config\nruncmd: [echo]\n', 'instance-id: iid-2\n'))
  await bootStages(third)
  assert.deepEqual(scripts(third), ['runcmd'])
})

test('a finding of several modules, and of several processes, is said once', async () => {
  const files = withLists('cloud_init_modules: [set_hostname, update_hostname]', 'hostname: [a]')
  for (const how of ['one process', 'four processes'] as const) {
    const machine = bootable({ files })
    await bootStages(machine, how)
    const lines = machine.records.filter(({ message }) => message.startsWith('hostname: expected text'))
    assert.equal(lines.length, 1, how)
  }
})

test('a stage without an instance is an error that says what to do', async () => {
  const machine = bootable({ files: seed('#cloud-config\n{}\n') })
  const boot = await openBoot({ machine, records: machine.records })
  const { errors } = await runBootStage(boot, 'modules-config')
  assert.deepEqual(errors, ["there is no instance yet: run 'init' before the stage modules-config"])
  assert.ok(machine.records.some(({ level, message }) => level === 'ERROR' && message === errors[0]))
})

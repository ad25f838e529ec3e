import assert from 'node:assert/strict'
import { test } from 'node:test'
import { reportStatus, statusAsData, statusExitCode } from '../../src/boot/report-status.ts'
import { addRecoverable, emptyStatus, readStatus, writeResult, writeStatus } from '../../src/boot/status.ts'
import { defaultPaths } from '../../src/instance/paths.ts'
import type { LogLevel } from '../../src/machine/log.ts'
import { type MemoryFile, memoryMachine } from '../../src/machine/memory.ts'
import { bootable, bootStages, seed } from './made-up-boot.ts'

const start = Date.UTC(2025, 0, 1, 12) / 1000
const well = { errors: [], recoverable_errors: {}, start, finished: start }

test('status.json, result.json and their links are what cloud-init’s users read', async () => {
  const machine = bootable({ files: seed('#cloud-config\n{}\n') })
  await bootStages(machine)
  const tree = machine.tree()
  const datasource = 'DataSourceNoCloud [seed=/var/lib/cloud/seed/nocloud]'
  const json = (path: string): unknown => JSON.parse(tree[path]?.content ?? 'null')
  assert.deepEqual(json('/var/lib/cloud/data/status.json'), {
    v1: {
      datasource,
      'init-local': well,
      init: well,
      'modules-config': well,
      'modules-final': well,
      stage: null,
    },
  })
  assert.deepEqual(json('/var/lib/cloud/data/result.json'), { v1: { datasource, errors: [] } })
  for (const name of ['status.json', 'result.json']) {
    assert.equal(tree[`/run/cloud-init/${name}`]?.content, `/var/lib/cloud/data/${name}`)
    assert.equal(tree[`/var/lib/cloud/data/${name}`]?.mode, 0o644)
  }
})

interface Case {
  readonly name: string
  /** Errors, and recoverable ones, of the stage `init`. */
  readonly errors?: readonly string[]
  readonly said?: readonly (readonly [level: LogLevel, message: string])[]
  readonly files?: Readonly<Record<string, MemoryFile>>
  readonly started?: false
  readonly finished?: false
  readonly shown: { readonly status: string; readonly extended: string; readonly code?: string; readonly exit: number }
}

const cases: readonly Case[] = [
  { name: 'a boot that went well', shown: { status: 'done', extended: 'done', exit: 0 } },
  {
    name: 'a boot with warnings',
    said: [['WARNING', 'careful']],
    shown: { status: 'done', extended: 'degraded done', exit: 2 },
  },
  {
    name: 'a boot with deprecated keys',
    said: [['DEPRECATED', 'old']],
    shown: { status: 'done', extended: 'degraded done', exit: 2 },
  },
  {
    name: 'a boot with notes only',
    said: [
      ['INFO', 'a'],
      ['DEBUG', 'b'],
    ],
    shown: { status: 'done', extended: 'done', exit: 0 },
  },
  { name: 'a boot with an error', errors: ['ssh: no'], shown: { status: 'error', extended: 'error', exit: 1 } },
  {
    name: 'an error and more to come',
    errors: ['ssh: no'],
    finished: false,
    shown: { status: 'error', extended: 'error - running', exit: 1 },
  },
  { name: 'a boot under way', finished: false, shown: { status: 'running', extended: 'running', exit: 0 } },
  {
    name: 'a boot under way with warnings',
    finished: false,
    said: [['WARNING', 'careful']],
    shown: { status: 'running', extended: 'degraded running', exit: 2 },
  },
  { name: 'no boot yet', started: false, shown: { status: 'not started', extended: 'not started', exit: 0 } },
  {
    name: 'a machine where it is switched off by a file',
    started: false,
    files: { '/etc/cloud/cloud-init.disabled': '' },
    shown: { status: 'disabled', extended: 'disabled', code: 'disabled-by-marker-file', exit: 0 },
  },
  {
    name: 'a machine where it is switched off by the kernel command line',
    started: false,
    files: { '/proc/cmdline': 'root=/dev/vda1 cloud-init=disabled quiet\n' },
    shown: { status: 'disabled', extended: 'disabled', code: 'disabled-by-kernel-command-line', exit: 0 },
  },
  {
    name: 'a machine whose generator switched it on',
    files: { '/run/cloud-init/enabled': '' },
    shown: { status: 'done', extended: 'done', code: 'enabled-by-generator', exit: 0 },
  },
]
for (const { name, errors = [], said = [], files = {}, started = true, finished = true, shown } of cases) {
  test(`${name} is ${shown.extended}, exit code ${shown.exit}`, () => {
    const machine = memoryMachine({ files })
    if (started) {
      const status = emptyStatus()
      status.stages.init.start = start
      status.stages.init.errors = [...errors]
      addRecoverable(
        status.stages.init,
        said.map(([level, message]) => ({ level, message, actor: 'test', time: 0 })),
      )
      writeStatus(machine, defaultPaths, status)
      if (finished) writeResult(machine, defaultPaths, status)
    }
    const report = reportStatus(machine)
    assert.equal(report.state, shown.status)
    assert.equal(report.extended, shown.extended)
    assert.equal(report.bootStatusCode, shown.code ?? 'unknown')
    assert.equal(statusExitCode(report), shown.exit)
  })
}

test('status as data has the keys of cloud-init, and of stages those that have begun', async () => {
  const machine = bootable({ files: seed('#cloud-config\n{}\n') })
  await bootStages(machine)
  const data = statusAsData(reportStatus(machine))
  assert.deepEqual(Object.keys(data), [
    'boot_status_code',
    'datasource',
    'detail',
    'errors',
    'extended_status',
    'init-local',
    'init',
    'modules-config',
    'modules-final',
    'last_update',
    'recoverable_errors',
    'stage',
    'status',
  ])
  assert.equal(data['datasource'], 'nocloud')
  assert.equal(data['last_update'], 'Wed, 01 Jan 2025 12:00:00 +0000')
})

test('one finding is one line: what an error says is not said again as a recoverable one', () => {
  const stage = emptyStatus().stages.init
  stage.errors = ['write_files: write_files[0] (/a): no; write_files[3] (/b): no']
  const record = (level: LogLevel, message: string) => ({ level, message, actor: 'write_files', time: 0 })
  addRecoverable(stage, [
    record('ERROR', 'write_files[0] (/a): no'),
    record('ERROR', 'write_files[3] (/b): no'),
    record('WARNING', 'something else'),
    record('WARNING', 'something else'),
  ])
  assert.deepEqual(stage.recoverable_errors, { WARNING: ['something else'] })
})

const broken: Readonly<Record<string, string>> = {
  'a file cut off by a power cut': '{"v1": {"init',
  'an empty file': '',
  'a list': '[]',
  'another version': '{"v2": {}}',
}
for (const [name, content] of Object.entries(broken)) {
  test(`a status.json that is ${name} counts as none`, () => {
    const machine = memoryMachine({ files: { '/run/cloud-init/status.json': content } })
    assert.equal(readStatus(machine, defaultPaths), undefined)
    assert.equal(reportStatus(machine).state, 'not started')
  })
}

test('of a status.json with values of wrong types the good ones are read', () => {
  const v1 = { datasource: 7, stage: 'nonsense', init: { errors: ['x', 7], start: 'noon', recoverable_errors: [] } }
  const machine = memoryMachine({ files: { '/run/cloud-init/status.json': JSON.stringify({ v1 }) } })
  const status = readStatus(machine, defaultPaths)
  assert.deepEqual(status?.stages.init, { errors: ['x'], recoverable_errors: {}, start: null, finished: null })
  assert.equal(status?.datasource, null)
  assert.equal(status?.stage, null)
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import growpart from '../../modules/growpart/index.ts'
import type { JsonObject } from '../../src/machine/json.ts'
import type { MemoryCommand, MemoryMachine } from '../../src/machine/memory.ts'
import { disk, machineOf, type World } from './growing-machine.ts'
import { commandLines, complaints, contextFor } from './made-up-debian.ts'
import { gptBytes, mbrBytes, setGptEntry } from './made-up-disk.ts'

const grow = async (machine: MemoryMachine, settings: JsonObject = {}): Promise<void> => {
  await growpart.run({ growpart: settings }, await contextFor(machine, {}))
}

test('the partition of / grows by its number in sysfs', async () => {
  const machine = machineOf()
  await grow(machine)
  assert.deepEqual(commandLines(machine), ['growpart /dev/nvme0n1 1'])
  const run = machine.commands.find(({ asked }) => !asked)
  assert.match(run?.options.env?.['TMPDIR'] ?? '', /^\/run\/cloud-init\//)
  assert.equal(machine.files.exists('/run/cloud-init/tmp/growpart'), false)
})

test('nothing is written where nothing can grow', async () => {
  const machine = machineOf({
    onCommand: (argv) => (argv[1] === '--dry-run' ? { exitCode: 1, stdout: 'NOCHANGE' } : undefined),
  })
  await grow(machine)
  assert.deepEqual(commandLines(machine), [])
})

test('a partition with a neighbour, or the end of the disk, right behind it costs no command at all', async () => {
  const full = machineOf({ files: { [`${disk}/size`]: '4198400\n' } })
  const between = machineOf({
    files: { [`${disk}/nvme0n1p2/partition`]: '2\n', [`${disk}/nvme0n1p2/start`]: '4196352\n' },
  })
  for (const machine of [full, between]) {
    await grow(machine)
    assert.deepEqual(machine.commands, [])
  }
})

test('nothing grows when it is switched off, forbidden by the image, or there is no partition', async () => {
  const off: [JsonObject, World][] = [
    [{ mode: 'off' }, {}],
    [{ mode: false }, {}],
    [{ devices: [] }, {}],
    [{}, { files: { '/etc/growroot-disabled': '' } }],
    [{}, { root: 'overlay overlay' }],
    [{}, { installed: [] }],
    [{ devices: ['/dev/nothing', '/dev/nvme0n1'] }, {}],
  ]
  for (const [settings, world] of off) {
    const machine = machineOf(world)
    await grow(machine, settings)
    assert.deepEqual(commandLines(machine), [], JSON.stringify([settings, world]))
  }
  const refused = machineOf()
  await growpart.run({}, await contextFor(refused, { growpart: false }))
  assert.deepEqual(commandLines(refused), [])

  const ignoring = machineOf({ files: { '/etc/growroot-disabled': '' } })
  await grow(ignoring, { ignore_growroot_disabled: true })
  assert.equal(commandLines(ignoring).length, 1)
})

test('a tool that is asked for by name must be there', async () => {
  await assert.rejects(
    grow(machineOf({ installed: ['sfdisk', 'partx'] }), { mode: 'growpart' }),
    /growpart is not installed/,
  )
})

test('one device that fails does not stop the others', async () => {
  const machine = machineOf({
    files: {
      [`${disk}/nvme0n1p2/partition`]: '2\n',
      '/sys/class/block/nvme0n1p2': { link: `${disk}/nvme0n1p2` },
      '/dev/nvme0n1p2': { device: true },
    },
    onCommand: (argv) =>
      argv.join(' ') === 'growpart /dev/nvme0n1 2' ? { exitCode: 2, stderr: 'FAILED: broken' } : undefined,
  })
  await assert.rejects(grow(machine, { devices: ['/dev/nvme0n1p2', '/'] }), /nvme0n1p2/)
  assert.deepEqual(commandLines(machine), ['growpart /dev/nvme0n1 2', 'growpart /dev/nvme0n1 1'])
})

const path = '/dev/nvme0n1'
const own = { number: 1, start: 2048, size: 4_194_304 }
const size = (machine: MemoryMachine, sectors: number): void =>
  machine.files.write(`${disk}/nvme0n1p1/size`, `${sectors}\n`)

/** What sfdisk and partx do to the disk and to the kernel. */
const withSfdisk = (bytes: Buffer, world: World = {}): MemoryMachine =>
  machineOf({
    installed: ['sfdisk', 'partx', 'growpart'],
    disks: [{ path, bytes }],
    ...world,
    onCommand: async (argv, given, machine): Promise<MemoryCommand | undefined> => {
      const answer = await world.onCommand?.(argv, given, machine)
      if (answer !== undefined) return answer
      const sectors = Number(/^, (\d+)\n$/.exec(String(given.input))?.[1])
      if (argv[0] === 'sfdisk' && sectors > 0) setGptEntry(bytes, { ...own, size: sectors })
      if (argv[0] === 'partx') size(machine, Number(bytes.readBigUInt64LE(1024 + 40)) + 1 - own.start)
      return undefined
    },
  })

test('a table that can be read is written by sfdisk in one call, also where growpart is installed', async () => {
  const machine = withSfdisk(gptBytes([own]))
  await grow(machine)
  assert.deepEqual(commandLines(machine), [
    'sfdisk --no-reread --no-tell-kernel --force -N 1 /dev/nvme0n1',
    'partx --update --nr 1 /dev/nvme0n1',
  ])
  assert.equal(machine.commands[0]?.options.input, ', 20969432\n')
  assert.deepEqual(machine.flushes, [path])
  assert.match(machine.records.at(-1)?.message ?? '', /grew from 2147483648 to 10736349184 bytes/)

  await grow(machine)
  assert.equal(machine.commands.length, 2)
})

test('mode growpart calls growpart, whatever else is there', async () => {
  const machine = withSfdisk(gptBytes([own]))
  await grow(machine, { mode: 'growpart' })
  assert.deepEqual(commandLines(machine), ['growpart /dev/nvme0n1 1'])
})

test('a second GPT that is not at the end is moved by a call of its own where sfdisk does not do so', async () => {
  let calls = 0
  const machine = withSfdisk(gptBytes([own]), {
    onCommand: (argv) => {
      if (argv[0] === 'sfdisk') calls += 1
      return calls === 1 ? { exitCode: 1, stderr: 'Failed to resize partition #1.' } : undefined
    },
  })
  await grow(machine)
  assert.deepEqual(
    commandLines(machine).map((line) => line.split(' ').slice(0, 2).join(' ')),
    ['sfdisk --no-reread', 'sfdisk --relocate', 'sfdisk --no-reread', 'partx --update'],
  )
})

test('where sfdisk fails, the next tool is tried, and the log says so', async () => {
  const machine = withSfdisk(mbrBytes([own]), {
    onCommand: (argv) => (argv[0] === 'sfdisk' ? { exitCode: 1, stderr: 'no' } : undefined),
  })
  await grow(machine)
  assert.equal(commandLines(machine).at(-1), 'growpart /dev/nvme0n1 1')
  assert.match(complaints(machine).join(), /sfdisk failed, growpart is tried/)
})

test('an image that has systemd-repart alone grows its root by that, and by nothing on an MBR', async () => {
  const installed = ['systemd-repart', 'partx']
  const machine = withSfdisk(gptBytes([own]), { installed })
  await grow(machine)
  const folder = '/run/cloud-init/tmp/growpart'
  assert.deepEqual(commandLines(machine), [
    `systemd-repart --definitions=${folder} --dry-run=no --empty=refuse --discard=no --seed=random --no-pager ${path}`,
    'partx --update --nr 1 /dev/nvme0n1',
  ])
  assert.equal(machine.files.exists(folder), false)

  const mbr = withSfdisk(mbrBytes([own]), { installed })
  await grow(mbr)
  assert.deepEqual(mbr.commands, [])
  assert.match(complaints(mbr).join(), /could grow: install sfdisk/)
})

test('a table that was written before the power went is only told to the kernel', async () => {
  const machine = withSfdisk(gptBytes([{ ...own, size: 20_969_432 }]))
  await grow(machine)
  assert.deepEqual(commandLines(machine), ['partx --update --nr 1 /dev/nvme0n1'])
})

test('nothing is written to a disk that is read-only, has lost its end, or has a table that the kernel does not use', async () => {
  const cases: [Buffer, World['files'], RegExp][] = [
    [gptBytes([own]), { [`${disk}/ro`]: '1\n' }, /nvme0n1p1 stays as it is: \/dev\/nvme0n1 is read-only/],
    [gptBytes([{ ...own, size: 30_000_000 }]), {}, /the end of the disk is missing/],
    [gptBytes([{ ...own, start: 4096 }]), {}, /is not the one that the kernel uses/],
    [gptBytes([]), {}, /is not the one that the kernel uses/],
  ]
  for (const [bytes, files = {}, complaint] of cases) {
    const machine = withSfdisk(bytes, { files })
    await grow(machine)
    assert.deepEqual(machine.commands, [])
    assert.match(complaints(machine).join(), complaint)
  }
})

test('a table that can not be read is left to growpart, and the log says so where that is missing', async () => {
  const machine = withSfdisk(Buffer.alloc(4096), { installed: ['sfdisk', 'partx'] })
  await grow(machine)
  assert.deepEqual(machine.commands, [])
  assert.match(complaints(machine).join(), /the partition table of \/dev\/nvme0n1 can't be read/)
})

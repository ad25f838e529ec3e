import assert from 'node:assert/strict'
import { test } from 'node:test'
import { growthOf } from '../../modules/growpart/growth.ts'
import { readTable } from '../../modules/growpart/partition-table.ts'
import { repartDefinitions } from '../../modules/growpart/repart-definitions.ts'
import { gptBytes, type MadeUpPartition, mbrBytes } from './made-up-disk.ts'

const tableOn = async (bytes: Buffer, diskSectors: number, sectorBytes = 512) => {
  const table = await readTable(async (at, length) => bytes.subarray(at, at + length), sectorBytes, diskSectors)
  assert.ok(table)
  return table
}

const first = { number: 1, start: 2048, size: 8192 }
const second = { number: 2, start: 10240, size: 90_000 }
const container = { number: 3, start: 102_400, size: 100_000 }
const five = { number: 5, start: 104_448, size: 20_000 }
const six = { number: 6, start: 131_072, size: 71_328 }

test('a partition grows up to its neighbour, the second GPT, or the end of the disk, in whole blocks of 4096 bytes', async () => {
  const large = 1_000_003
  const cases: [string, Buffer, number, number | undefined][] = [
    ['the last of a GPT', gptBytes([first, second]), 2, 999_968 - 10_240],
    ['its neighbour is right behind it', gptBytes([first, second]), 1, undefined],
    ['not there', gptBytes([first]), 9, undefined],
    [
      'numbers say nothing about places',
      gptBytes([
        { ...first, number: 15 },
        { ...second, number: 3 },
      ]),
      3,
      989_728,
    ],
    ['up to what comes next', gptBytes([first, { number: 2, start: 204_800, size: 2048 }]), 1, 204_800 - 2048],
    ['the last of an MBR', mbrBytes([first, second]), 2, 1_000_000 - 10_240],
    ['before an extended one', mbrBytes([first, second, five], container), 2, container.start - second.start],
    ['an extended one itself', mbrBytes([first, five], container), 3, undefined],
  ]
  for (const [what, bytes, number, expected] of cases) {
    const growth = growthOf(await tableOn(bytes, large), number)
    assert.equal(growth?.steps.at(-1)?.sectors, expected, what)
  }
})

test('a logical partition grows after the extended one around it, and stops before the next boot record', async () => {
  const table = await tableOn(mbrBytes([first, second, five, six], container), 1_000_000)
  assert.deepEqual(growthOf(table, 6)?.steps, [
    { number: 3, sectors: 1_000_000 - container.start },
    { number: 6, sectors: 1_000_000 - six.start },
  ])
  assert.deepEqual(growthOf(table, 5)?.steps, [{ number: 5, sectors: six.start - 2048 - five.start }])
})

test('a gain of less than a mebibyte is none', async () => {
  const bytes = gptBytes([first])
  const end = first.start + first.size
  assert.equal(growthOf(await tableOn(bytes, end + 33 + 2048), 1), undefined)
  assert.equal(growthOf(await tableOn(bytes, end + 33 + 2056), 1)?.bytes, 2056 * 512)
})

test('an MBR counts up to 2 TiB', async () => {
  const steps = growthOf(await tableOn(mbrBytes([first]), 8_000_000_000), 1)?.steps
  assert.deepEqual(steps, [{ number: 1, sectors: 0xffff_fff8 - 2048 }])
})

test('sectors of 4096 bytes count as such', async () => {
  const bytes = Buffer.alloc(64 * 1024)
  const gpt = gptBytes([{ number: 1, start: 256, size: 1024 }])
  gpt.copy(bytes, 0, 0, 512)
  gpt.copy(bytes, 4096, 512, 1024)
  gpt.copy(bytes, 8192, 1024, 1024 + 16 * 1024)
  assert.deepEqual(growthOf(await tableOn(bytes, 100_000, 4096), 1)?.steps, [{ number: 1, sectors: 99_995 - 256 }])
})

test('what is no table, or a broken one, is none', async () => {
  const looping = mbrBytes([first, five, six], container)
  // The second boot record names the first one as the next.
  looping[(six.start - 2048) * 512 + 462 + 4] = 5
  const endless = await tableOn(looping, 1_000_000)
  assert.deepEqual(
    endless.entries.map(({ number }) => number),
    [1, 3, 5, 6],
  )
  const huge = gptBytes([first])
  huge.writeUInt32LE(0xffffffff, 512 + 80)
  for (const bytes of [Buffer.alloc(0), Buffer.alloc(4096), huge, gptBytes([]).subarray(0, 700)]) {
    assert.equal(await readTable(async (at, length) => bytes.subarray(at, at + length), 512, 1_000_000), undefined)
  }
  assert.equal(await readTable(async () => undefined, 512, 1_000_000), undefined)
})

test('systemd-repart gets a definition for each partition of the type up to the one that grows', async () => {
  const partitions: MadeUpPartition[] = [second, { ...first, number: 9 }]
  const definitions = repartDefinitions(await tableOn(gptBytes(partitions), 1_000_000), 2)
  assert.deepEqual(Object.keys(definitions), ['000.conf', '001.conf'])
  const type = 'Type=0fc63daf-8483-4772-8e79-3d69d8477de4'
  assert.match(definitions['000.conf'] ?? '', new RegExp(`${type}\nSizeMinBytes=4194304\nSizeMaxBytes=4194304\n`))
  assert.equal(definitions['001.conf'], `[Partition]\n${type}\nGrowFileSystem=no\n`)
})

import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fsExtra from 'fs-extra'
import { imageMachine } from '../../src/machine/image.ts'
import { liveMachine } from '../../src/machine/live.ts'
import type { Machine } from '../../src/machine/machine.ts'
import { memoryMachine } from '../../src/machine/memory.ts'
import { planMachine } from '../../src/machine/plan.ts'

export interface MachineUnderTest {
  readonly name: string
  readonly machine: Machine
  /** Folder of the machine that a test has for itself. */
  readonly at: string
  /** Where that folder lies on the host; undefined when it is in memory. */
  readonly onHost?: string
}

/** Paths of the host are for live machines; an image and a made-up machine have the folder as their root's `/work`. */
const make: Record<string, (folder: string) => Omit<MachineUnderTest, 'name'>> = {
  live: (folder) => ({ machine: liveMachine(), at: join(folder, 'work'), onHost: join(folder, 'work') }),
  image: (folder) => ({ machine: imageMachine(folder), at: '/work', onHost: join(folder, 'work') }),
  'plan over live': (folder) => ({ machine: planMachine(liveMachine()), at: join(folder, 'work') }),
  'plan over memory': () => ({ machine: planMachine(memoryMachine({ files: { '/work/': '' } })), at: '/work' }),
  memory: () => ({ machine: memoryMachine({ files: { '/work/': '' } }), at: '/work' }),
}

export const kinds = Object.keys(make)

/** Runs `body` with a fresh machine of one kind; what it left on the disk is removed. */
export const withMachine = async (kind: string, body: (given: MachineUnderTest) => unknown): Promise<void> => {
  const folder = mkdtempSync(join(tmpdir(), 'firstlight-test-'))
  try {
    fsExtra.ensureDirSync(join(folder, 'work'))
    const made = make[kind]?.(folder)
    if (!made) throw new Error(`no kind ${kind}`)
    await body({ name: kind, ...made })
  } finally {
    fsExtra.removeSync(folder)
  }
}

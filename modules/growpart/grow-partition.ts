import type { ModuleContext } from '../../src/cloudconfig/module.ts'
import { messageOf } from '../../src/machine/errors.ts'
import type { Machine } from '../../src/machine/machine.ts'
import { deviceSize, type Partition } from '../../src/machine/partition.ts'
import { type GrowTask, type GrowTool, tellKernel, toolsFor } from './grow-tools.ts'
import { roomOf } from './room.ts'

/** The first tool that succeeds. False: it found nothing to write. @throws what the last one threw */
const growBy = async (machine: Machine, tools: readonly GrowTool[], task: GrowTask): Promise<boolean> => {
  const [tool, ...others] = tools
  if (tool === undefined) return false
  try {
    return await tool.grow(machine, task)
  } catch (error) {
    if (others.length === 0) throw error
    machine.log.warning(`growpart: ${tool.name} failed, ${others[0]?.name} is tried: ${messageOf(error)}`)
    return growBy(machine, others, task)
  }
}

const whatIsMissing = ({ table, partition }: GrowTask): string =>
  table
    ? 'install sfdisk (Debian: fdisk), growpart (cloud-guest-utils) or, for GPT, systemd-repart'
    : `the partition table of ${partition.disk} can't be read; it is broken, or of a kind for which growpart is needed`

const howItEnded = (before: number | undefined, after: number | undefined): string =>
  after === before
    ? 'has its new size on the disk; the kernel goes on with the old one'
    : `grew from ${before} to ${after} bytes`

/**
 * Lets a partition fill the room behind it. What it has become is on the disk afterwards, so that a file system that
 * grows into it is never found on a smaller one.
 * @param named the tool that the configuration asks for; otherwise whichever is installed
 * @throws CommandError, FileError
 */
export const growPartition = async (
  { machine, paths }: ModuleContext,
  partition: Partition,
  named: GrowTool | undefined,
): Promise<void> => {
  const { path, disk } = partition
  const room = await roomOf(machine, partition)
  if (room.kind === 'none') return machine.log.debug(`growpart: ${path} is as large as it can be`)
  if (room.kind === 'refused') return machine.log.warning(`growpart: ${path} stays as it is: ${room.reason}`)
  const before = deviceSize(machine, path)
  if (room.kind === 'untold') await tellKernel(machine, partition)
  else {
    const task: GrowTask = { ...room, partition, scratchFolder: `${paths.run}/tmp/growpart` }
    const tools = await toolsFor(machine, task, named)
    if (tools.length === 0) return machine.log.warning(`growpart: ${path} could grow: ${whatIsMissing(task)}`)
    if (!(await growBy(machine, tools, task))) return machine.log.debug(`growpart: ${path} is as large as it can be`)
  }
  await machine.disks.flush(disk)
  machine.log.info(`growpart: ${path} ${howItEnded(before, deviceSize(machine, path))}`)
}

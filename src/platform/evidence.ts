import type { BlockDevice } from '../machine/disks.ts'
import { messageOf } from '../machine/errors.ts'
import type { Machine } from '../machine/machine.ts'
import { type DmiField, readDmiField } from './dmi.ts'
import { readCommandLine } from './facts.ts'
import type { Kernel } from './kernel.ts'
import { containerBySystemd, detectVirtualisation, isIdentifiedContainer } from './virtualisation.ts'

/**
 * What the checks of src/platform/detect look at. Cheap facts are there; what needs a command is asked for at first use
 * and remembered, so a list of datasources that needs no disk labels never runs blkid.
 */
export interface Evidence {
  readonly machine: Machine
  readonly kernel: Kernel
  /** A container in the sense of identification: DMI matches and disk labels don't count. */
  readonly isContainer: boolean
  readonly cmdline: string
  /** The datasources among which one is looked for, in order. */
  readonly list: readonly string[]
  virtualisation(): Promise<string>
  /** A DMI field as the machine has it, also in a container; empty when absent. */
  dmi(field: DmiField): Promise<string>
  /** Empty in a container, and when they can't be listed. */
  disks(): Promise<readonly BlockDevice[]>
}

export type Surroundings = Omit<Evidence, 'list'>

const remembered = <T>(compute: () => T): (() => T) => {
  let kept: { readonly value: T } | undefined
  return () => {
    kept ??= { value: compute() }
    return kept.value
  }
}

const listDisks = async (machine: Machine): Promise<readonly BlockDevice[]> => {
  try {
    return await machine.disks.list()
  } catch (error) {
    machine.log.warning(`identification goes on without disk labels: ${messageOf(error)}`)
    return []
  }
}

export const gatherSurroundings = async (machine: Machine, kernel: Kernel): Promise<Surroundings> => {
  const virtualisation = remembered(() => detectVirtualisation(machine, kernel))
  const told = machine.environment['SYSTEMD_VIRTUALIZATION'] ? undefined : containerBySystemd(machine)
  const isContainer = isIdentifiedContainer(told ?? (await virtualisation()))
  const fields = new Map<DmiField, Promise<string>>()
  return {
    machine,
    kernel,
    isContainer,
    cmdline: readCommandLine(machine, isContainer),
    virtualisation,
    dmi: (field) => {
      const value = fields.get(field) ?? readDmiField(machine, kernel, field)
      fields.set(field, value)
      return value
    },
    disks: remembered(async () => (isContainer ? [] : listDisks(machine))),
  }
}

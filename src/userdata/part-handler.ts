import type { Machine } from '../machine/machine.ts'
import type { Delivery } from './deliver.ts'
import type { Part } from './part.ts'

/** A handler for content types of its own, brought by a part of user-data. */
export interface PartHandler {
  begin(): Promise<void>
  handle(part: Part): Promise<void>
  end(): Promise<void>
}

export const registerPartHandler = async (
  machine: Machine,
  part: Part,
  delivery: Delivery,
  number: number,
): Promise<PartHandler | undefined> => {
  const path = `${delivery.instanceFolder}/handlers/part-handler-${String(number).padStart(3, '0')}.py`
  machine.files.write(path, part.payload, { mode: 0o600 })
  machine.log.error(`${delivery.source}: ${part.filename}: part handlers are not supported yet`)
  return undefined
}

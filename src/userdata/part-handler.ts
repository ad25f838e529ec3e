import type { Machine } from '../machine/machine.ts'
import type { Delivery, PartHandler } from './delivery.ts'
import type { Part } from './part.ts'

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

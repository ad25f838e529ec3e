import { messageOf } from '../machine/errors.ts'
import type { Machine } from '../machine/machine.ts'
import { readByIp } from './show-ip.ts'
import { readLinks } from './show-links.ts'
import { readByProc } from './show-proc.ts'
import type { NetworkState, Surroundings } from './show-state.ts'

/** Reads the network as it is now: by `ip`, where that is installed and answers as expected, else from /proc. */
export const readNetworkState = async (machine: Machine): Promise<NetworkState> => {
  const around = await readSurroundings(machine)
  return { links: readLinks(machine, around), routes: around.routes, rules: around.rules }
}

/** The same without starting a process: a little less is known. */
export const readNetworkStateQuickly = async (machine: Machine): Promise<NetworkState> => {
  const around = await readByProc(machine)
  return { links: readLinks(machine, around), routes: around.routes, rules: around.rules }
}

const readSurroundings = async (machine: Machine): Promise<Surroundings> => {
  if (machine.which('ip') === undefined) return readByProc(machine)
  try {
    return await readByIp(machine)
  } catch (error) {
    machine.log.warning(`ip does not say what the network is: ${messageOf(error)}; less is known`)
    return readByProc(machine)
  }
}

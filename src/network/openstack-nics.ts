import type { Machine } from '../machine/machine.ts'
import type { SystemNic } from './from-openstack.ts'
import { listNics } from './nics.ts'

/** Text length of a 20-byte hardware address with colons. */
const infinibandLength = 59

/**
 * The machine's interfaces as OpenStack knows them: an InfiniBand interface goes by the Ethernet-like address in its
 * GUID (bytes 13 to 15 and 18 to 20 of the hardware address; the two between are 03:00 in a GUID made from a MAC).
 */
export const openstackNics = (machine: Machine): SystemNic[] =>
  listNics(machine).map(({ name, mac }) => {
    if (mac.length !== infinibandLength) return { name, mac }
    return { name, mac: `${mac.slice(36, 45)}${mac.slice(51)}`, infinibandAddress: mac }
  })

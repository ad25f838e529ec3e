import type { Disks } from './disks.ts'
import type { Http } from './http.ts'
import type { Links } from './links.ts'
import type { UndoSteps } from './live-links.ts'
import type { Machine } from './machine.ts'

/** Parts of a machine that many runs never need: their code is loaded when they are first used. */

export const lazyHttp = (): Http => {
  let http: Promise<Http> | undefined
  return {
    request: async (request) => {
      http ??= import('./live-http.ts').then(({ liveHttp }) => liveHttp())
      return (await http).request(request)
    },
  }
}

export const lazyDisks = (machine: Machine): Disks => {
  const load = async (): Promise<Disks> => (await import('./live-disks.ts')).liveDisks(machine)
  return {
    list: async () => (await load()).list(),
    withMounted: async (device, use, options) => (await load()).withMounted(device, use, options),
    readBytes: async (device, offset, length) => (await load()).readBytes(device, offset, length),
    flush: async (device) => (await load()).flush(device),
  }
}

/** Links of a machine, for any actor: what one has brought up another can release. */
export const lazyLinks = (): ((machine: Machine) => Links) => {
  const undoSteps: UndoSteps = new Map()
  return (machine) => {
    const load = async (): Promise<Links> => (await import('./live-links.ts')).liveLinks(machine, undoSteps)
    return {
      up: async (name) => (await load()).up(name),
      dhcp: async (name, options) => (await load()).dhcp(name, options),
      linkLocal: async (name) => (await load()).linkLocal(name),
      release: async (name) => (await load()).release(name),
      addresses: async () => (await load()).addresses(),
    }
  }
}

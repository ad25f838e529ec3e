import { HttpFailure } from '../../src/machine/errors.ts'
import type { HttpOutcome, HttpRequest } from '../../src/machine/http.ts'
import { liveHttp } from '../../src/machine/live-http.ts'
import type { MemoryMachine, MemoryOptions } from '../../src/machine/memory.ts'
import type { SimulatedCloud } from '../../src/simulator/cloud.ts'
import type { Simulation } from '../../src/simulator/index.ts'
import { filesOn } from '../simulator/on-simulation.ts'
import { bootable } from './made-up-boot.ts'

/** Nobody waits longer than this for a service that will not answer; on the machine's own clock its whole limit passes. */
const patienceSeconds = 0.05
/** An answer without an end is given up after so many bytes. */
const patienceBytes = 64 * 1024

const http = liveHttp()

/** The real client, on a real connection to the simulator; only its limits are short. */
const ask =
  (isSlow: boolean) =>
  async (request: HttpRequest): Promise<HttpOutcome> => {
    try {
      const timeoutSeconds = isSlow ? patienceSeconds : 60
      return await http.request({ ...request, limitBytes: patienceBytes, timeoutSeconds })
    } catch (error) {
      if (error instanceof HttpFailure) return error
      throw error
    }
  }

const leaseOf = ({ links, leaseOptions }: SimulatedCloud): MemoryOptions['leases'] =>
  Object.fromEntries(
    links.map(({ name, address, router }) => [
      name,
      { 'fixed-address': address.split('/', 1)[0] ?? '', routers: router, ...leaseOptions },
    ]),
  )

/** A machine that boots on a simulated cloud, with real HTTP between the two. */
export const bootableOn = (
  { cloud, config }: Pick<Simulation, 'cloud' | 'config'>,
  options: MemoryOptions & { readonly isSlow?: boolean } = {},
): MemoryMachine =>
  bootable({
    leases: leaseOf(cloud) ?? {},
    disks: (cloud.disks ?? []).map(({ device, label, type, files }) => ({ path: device, label, type, files })),
    http: ask(options.isSlow ?? false),
    ...options,
    files: {
      ...filesOn(cloud),
      // JSON is YAML.
      '/etc/cloud/cloud.cfg.d/90-simulation.cfg': JSON.stringify(config),
      ...options.files,
    },
  })

/** Nobody answers, and it does not take long to find out. */
export const noNetwork = ({ url }: HttpRequest): HttpOutcome =>
  new HttpFailure(url, 'unreachable', 'network unreachable')

import { LinkError, messageOf } from '../../src/machine/errors.ts'
import type { Machine } from '../../src/machine/machine.ts'
import { fallbackNic } from '../../src/network/nics.ts'
import { encodeFailure, type ProvisioningFailure } from './failure.ts'
import type { GoalState } from './goal-state.ts'
import { readLease } from './lease.ts'
import type { AzureSettings } from './settings.ts'
import { type Patience, type WireServer, wireServer } from './wire-server.ts'

const defaultWireServer = '168.63.129.16'
const imdsAddress = '169.254.169.254'

interface Uplink {
  readonly link: string
  readonly isImdsRouted: boolean
  readonly isPrimary: boolean
  readonly wire: WireServer
}

/**
 * This machine's temporary way to Azure's fabric, from the first lease until it is given back, and what was reported over it.
 * A failure that was reported stands: success is not reported after it.
 */
export class Fabric {
  readonly #machine: Machine
  readonly #settings: AzureSettings
  #uplink: Uplink | undefined
  /** Links that were asked for a lease: whatever came of it, they are put back as they were. */
  readonly #touched = new Set<string>()
  #endpoint: string
  #hasReported = false
  #hasDhcpFailed = false
  #patience: Patience
  /** Known once identified; part of every failure report. */
  vmId: string | undefined

  constructor(machine: Machine, settings: AzureSettings) {
    this.#machine = machine
    this.#settings = settings
    this.#endpoint = settings.wireServer ?? defaultWireServer
    this.#patience = { seconds: settings.wireServerSeconds }
  }

  get isUp(): boolean {
    return this.#uplink !== undefined
  }

  get isImdsRouted(): boolean {
    return this.#uplink?.isImdsRouted ?? false
  }

  /** The lease has a way to the fabric: it is the one of the machine's first NIC. */
  get isPrimary(): boolean {
    return this.#uplink?.isPrimary ?? false
  }

  get link(): string | undefined {
    return this.#uplink?.link
  }

  get hasReported(): boolean {
    return this.#hasReported
  }

  /** Asks for a lease every second until there is one or the time is over; on the most promising link, unless one is named. */
  async connect(seconds: number, named?: string): Promise<void> {
    const { clock, links, log } = this.#machine
    const start = clock.monotonic()
    for (;;) {
      const link = named ?? fallbackNic(this.#machine)?.name
      try {
        if (link === undefined) throw new LinkError('eth0', 'there is no network interface')
        this.#touched.add(link)
        const lease = await links.dhcp(link)
        const { wireServer: offered, routed } = readLease(lease)
        this.#endpoint = this.#settings.wireServer ?? offered ?? this.#endpoint
        const isImdsRouted = routed.includes(imdsAddress)
        if (!isImdsRouted) log.debug(`the lease on ${link} has no route to the metadata service`)
        const wire = wireServer(this.#machine, this.#endpoint, this.#patience)
        const isPrimary = isImdsRouted || routed.includes(this.#endpoint.replace(/:\d+$/, ''))
        this.#uplink = { link: lease.interface, isImdsRouted, isPrimary, wire }
        return
      } catch (error) {
        if (!(error instanceof LinkError)) throw error
        log.debug(`no lease yet: ${messageOf(error)}`)
        if (error.isFinal) break
      }
      // Who waited in vain once need not wait as long again, to report that.
      if (this.#hasDhcpFailed || (clock.monotonic() - start) / 1000 + 1 >= seconds) break
      await clock.sleep(1000)
    }
    const waited = Math.round((clock.monotonic() - start) / 1000)
    const say = this.#hasDhcpFailed ? log.debug : log.warning
    this.#hasDhcpFailed = true
    say(`no DHCP lease in ${waited} s: Azure's metadata service and wire server can't be reached`)
  }

  async disconnect(): Promise<void> {
    this.#uplink = undefined
    for (const link of this.#touched) await this.#machine.links.release(link)
    this.#touched.clear()
  }

  /** Lets the goal state come while other things are read. */
  askAhead(): void {
    this.#uplink?.wire.askAhead()
  }

  /** Reports a failure, with a new lease when it does not get through with the present one. Never throws. */
  async reportFailure(failure: ProvisioningFailure): Promise<void> {
    const { log } = this.#machine
    const description = encodeFailure(failure, { vmId: this.vmId, time: this.#machine.clock.now() })
    log.error(`provisioning failed: ${failure.reason}; reporting it to Azure`)
    const wasUp = this.isUp
    if (wasUp && (await this.#sendFailure(description))) return
    await this.disconnect()
    await this.connect(this.#settings.dhcpSeconds.needed)
    await this.#sendFailure(description)
  }

  async #sendFailure(description: string): Promise<boolean> {
    const wire = this.#wire()
    try {
      await wire.report(await wire.goalState(), description)
      this.#hasReported = true
      return true
    } catch (error) {
      this.#machine.log.warning(`the failure could not be reported to Azure: ${messageOf(error)}`)
      return false
    }
  }

  #wire(): WireServer {
    return this.#uplink?.wire ?? wireServer(this.#machine, this.#endpoint, this.#patience)
  }

  /**
   * Reports success. `prepare` gets the goal state first: certificates are read, and the media ejected, before the fabric is told.
   * @throws what the requests or `prepare` throw.
   */
  async reportReady(prepare: (goalState: GoalState, wire: WireServer) => Promise<void>): Promise<void> {
    const wire = this.#wire()
    const goalState = await wire.goalState()
    await prepare(goalState, wire)
    await wire.report(goalState, undefined)
    this.#hasReported = true
  }

  /** What was reported was for this machine's life in the pool: its user's machine reports anew. */
  forgetReport(): void {
    this.#hasReported = false
    this.#hasDhcpFailed = false
    this.#patience = { seconds: this.#settings.wireServerSeconds }
  }
}

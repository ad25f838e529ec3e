/**
 * Gets on the network for a while, as a datasource does in the local stage, and tells what it saw, in JSON: the lease, the
 * machine meanwhile and afterwards, and the processes that are left. Runs in a root of its own; argument 1 says how.
 */
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { liveMachine } from '../../../src/machine/live.ts'
import { askByLink, withLease } from '../../../src/platform/temporary-link.ts'

export interface LeaseOrder {
  readonly link: string
  readonly timeoutSeconds: number
  /** What the work with the lease does. */
  readonly work: 'nothing' | 'throw' | 'stay'
  /** Ask as a datasource does whose service has an address of IPv6, too. */
  readonly orIpv6?: boolean
}

export interface LeaseReport {
  /** Absent: there was none. */
  readonly lease?: Readonly<Record<string, string>>
  readonly error?: string
  /** By which IP there was something to ask. */
  readonly families: readonly number[]
  /** `addr` and `route` of `ip`, while there was a lease. */
  readonly meanwhile?: string
  readonly afterwards: string
  readonly seconds: number
  /** Command lines. */
  readonly processes: readonly string[]
}

const ip = (...words: string[]): string => execFileSync('ip', words, { encoding: 'utf8' })
const state = (link: string): string =>
  `${ip('-o', 'link', 'show', 'dev', link)}${ip('-o', 'addr', 'show', 'dev', link)}${ip('route')}`

const commandLine = (pid: string): string => {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim()
  } catch {
    return ''
  }
}

const order: LeaseOrder = JSON.parse(process.argv[2] ?? '{}')
const begun = performance.now()
const report: { -readonly [key in keyof LeaseReport]?: LeaseReport[key] } = {}
const families: number[] = []
const machine = liveMachine().as('test')
const askByBoth = (): Promise<true | undefined> =>
  askByLink<true>(machine, order.link, 'router', async (family) => {
    families.push(family)
    report.meanwhile = `${state(order.link)}${ip('-6', 'route')}`
    return true
  })
const ask = (): Promise<void> =>
  withLease(
    machine,
    order.link,
    async ({ options }) => {
      report.lease = options
      report.meanwhile = state(order.link)
      if (order.work === 'throw') throw new Error('the work failed')
      if (order.work === 'stay') await new Promise((resolve) => setTimeout(resolve, 600_000))
    },
    { timeoutSeconds: order.timeoutSeconds },
  )
try {
  await (order.orIpv6 ? askByBoth() : ask())
} catch (error) {
  report.error = String(error)
}
report.families = families
report.seconds = (performance.now() - begun) / 1000
report.afterwards = state(order.link)
report.processes = readdirSync('/proc')
  .filter((name) => /^\d+$/.test(name) && ![1, process.pid].includes(Number(name)))
  .map(commandLine)
  .filter((line) => line !== '')
console.log(JSON.stringify(report))

import { spawn } from 'node:child_process'
import { readdirSync, readFileSync, rmSync, writeSync } from 'node:fs'
import { Socket } from 'node:net'
import type { Fault } from './faults.ts'
import type { SimulatedMachine } from './index.ts'
import { createCloud } from './index.ts'
import type { RequestRecord } from './request-log.ts'
import { descriptors } from './sandbox-scripts.ts'
import { serve } from './server.ts'
import { SANDBOX_FOLDER } from './shims.ts'

/** What the process inside a sandbox has to do; a file, as it must not be in anybody's list of processes. */
export interface InsideOrders {
  readonly machine: Omit<SimulatedMachine, 'userData' | 'vendorData'> & {
    /** base64 */
    readonly userData?: string
    readonly vendorData?: string
  }
  /** What to run once the cloud answers: argv. Its standard output and its descriptor 3 are where events are read. */
  readonly command: readonly string[]
  readonly delayMilliseconds?: number
  /** `paths` as the source of a regular expression. */
  readonly fault?: Fault & { readonly paths?: string }
}

const ordersFile = `${SANDBOX_FOLDER}/inside.json`

const startServices = async (orders: InsideOrders, requests: RequestRecord[]): Promise<void> => {
  const { userData, vendorData, ...rest } = orders.machine
  const { handle, serviceAddresses } = createCloud({
    ...rest,
    ...(userData !== undefined && { userData: Buffer.from(userData, 'base64') }),
    ...(vendorData !== undefined && { vendorData: Buffer.from(vendorData, 'base64') }),
  })
  if (!handle || serviceAddresses.length === 0) return
  const { delayMilliseconds, fault } = orders
  const { paths } = fault ?? {}
  const behaviour = {
    ...(delayMilliseconds !== undefined && { delayMilliseconds }),
    ...(fault && { fault: { ...fault, paths: new RegExp(paths ?? '') } }),
  }
  // The network is this sandbox's alone: every address in it is the cloud's. Without IPv6 there is no `::`.
  await serve({ handle, requests, port: 80, host: '::', ...behaviour }).catch(() =>
    serve({ handle, requests, port: 80, host: '0.0.0.0', ...behaviour }),
  )
}

const tell = (message: string): void => {
  try {
    writeSync(descriptors.messages, `${message}\n`)
  } catch {
    // Nobody listens any more; the lifeline ends this process.
  }
}

const AFTER_BOOT_MILLISECONDS = 2000
const POLL_MILLISECONDS = 50

/** A reboot that is asked for at the end comes just after the boot's own process: it is waited for, but not for long. */
const othersHaveEnded = async (): Promise<void> => {
  const ours = ['1', String(process.pid)]
  const isAnybodyElseHere = (): boolean =>
    readdirSync('/proc').some((name) => /^\d+$/.test(name) && !ours.includes(name))
  const limit = performance.now() + AFTER_BOOT_MILLISECONDS
  while (performance.now() < limit && isAnybodyElseHere()) {
    await new Promise((resolve) => setTimeout(resolve, POLL_MILLISECONDS))
  }
}

/** The process inside a sandbox: it is the cloud, and runs the boot. Returns the boot's exit code. */
export const runInside = async (): Promise<number> => {
  const orders = JSON.parse(readFileSync(ordersFile, 'utf8')) as InsideOrders
  rmSync(ordersFile)
  // Ends when the process that wanted this sandbox does.
  new Socket({ fd: descriptors.lifeline, readable: true, writable: false })
    .on('close', () => process.exit(98))
    .on('error', () => undefined)
    .resume()
  const requests: RequestRecord[] = []
  await startServices(orders, requests)
  const [program = '', ...words] = orders.command
  tell('booting')
  const exitCode = await new Promise<number>((resolve) => {
    const child = spawn(program, words, { cwd: '/', stdio: ['ignore', descriptors.events, 2, descriptors.events] })
    child.on('error', (error) => {
      tell(`failed starting ${program}: ${error.message}`)
      resolve(97)
    })
    child.on('close', (code, signal) => resolve(code ?? (signal === null ? 97 : 128)))
  })
  await othersHaveEnded()
  tell(`requests ${JSON.stringify(requests)}`)
  process.exit(exitCode)
}

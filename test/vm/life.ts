import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import type { SimulatedCloud } from '../../src/simulator/cloud.ts'
import { type CloudName, createCloud } from '../../src/simulator/index.ts'
import type { RequestRecord } from '../../src/simulator/request-log.ts'
import { startCloudNetwork } from './cloud-network.ts'
import { type Guest, onGuest, waitForLogin } from './guest.ts'
import { cache } from './image.ts'
import { startMachine } from './machine.ts'

/** A machine on a cloud, through several boots: its disk stays, the cloud may say something else each time. */
export interface Life {
  readonly folder: string
  readonly cloud: CloudName
  readonly disk: string
  readonly keyFile: string
  readonly publicKey: string
}

const diskSize = '3G'

/** @param givenKey a key that the image knows already; default: a new one */
export const beginLife = (cloud: CloudName, image: string, givenKey?: string): Life => {
  const folder = mkdtempSync(join(cache, `${cloud}-`))
  const disk = join(folder, 'disk.qcow2')
  execFileSync('qemu-img', ['create', '-q', '-f', 'qcow2', '-b', image, '-F', 'raw', disk, diskSize], {
    timeout: 60_000,
  })
  const keyFile = givenKey ?? join(folder, 'key')
  if (givenKey === undefined)
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'owner@example.test', '-f', keyFile])
  return { folder, cloud, disk, keyFile, publicKey: readFileSync(`${keyFile}.pub`, 'utf8').trim() }
}

export const endLife = ({ folder }: Life): void => rmSync(folder, { recursive: true, force: true })

export interface BootOrders {
  readonly title: string
  readonly userData: string
  readonly instanceId?: string
  readonly hostname?: string
  /** Who the key of the cloud is for. */
  readonly user: string
  readonly loginSeconds?: number
  readonly isWithoutDhcp?: boolean
  /** The metadata service starts so long after firstlight's first stage. */
  readonly lateMilliseconds?: number
  /** Hardware addresses that get no lease. */
  readonly silentMacs?: readonly string[]
  /** What is different from the usual machine on this cloud. */
  readonly change?: (cloud: SimulatedCloud) => SimulatedCloud
  /** What happens to a seed disk before it is attached. */
  readonly spoilDisk?: (image: string) => void
  /** The number of the link at whose address the machine is to be reached; default 0. */
  readonly reachedBy?: number
}

/** The cloud as a machine finds it at a boot. */
export const cloudOf = (life: Life, orders: BootOrders): SimulatedCloud => {
  const { instanceId, hostname, change = (cloud) => cloud } = orders
  const cloud = createCloud({
    cloud: life.cloud,
    userData: orders.userData,
    sshKeys: [life.publicKey],
    ...(instanceId !== undefined && { instanceId }),
    ...(hostname !== undefined && { hostname }),
  })
  return change(cloud)
}

/** Resolves when the console shows that firstlight's first stage begins, and `milliseconds` have passed. */
const afterLocalStage = async (readConsole: () => string, milliseconds: number, signal: AbortSignal): Promise<void> => {
  while (!signal.aborted && !/loud-init-local|local stage/.test(readConsole())) await setTimeout(200)
  await setTimeout(milliseconds)
}

/** What a boot looks like from outside, while the machine runs. */
export interface Booted {
  readonly guest: Guest
  readonly loginSeconds: number
  readonly requests: readonly RequestRecord[]
  console(): string
  /** Standard output of a shell command, without the last line break; a failure is part of the text. */
  ask(command: string, timeoutSeconds?: number): Promise<string>
}

export class NoLogin extends Error {}

/** Boots the machine, does the work, and shuts the machine down. @throws NoLogin; the console log is kept. */
export const bootOnce = async (
  life: Life,
  orders: BootOrders,
  work: (booted: Booted) => Promise<void>,
): Promise<void> => {
  const { title, lateMilliseconds, silentMacs, spoilDisk } = orders
  const cloud = cloudOf(life, orders)
  const consoleFile = join(life.folder, 'console.log')
  // The one of the boot before tells nothing about this one.
  writeFileSync(consoleFile, '')
  const readConsole = (): string => readFileSync(consoleFile, 'latin1')
  const over = new AbortController()
  const network = await startCloudNetwork(cloud, {
    folder: life.folder,
    ...(orders.isWithoutDhcp !== undefined && { isWithoutDhcp: orders.isWithoutDhcp }),
    ...(silentMacs && { silentMacs }),
    ...(lateMilliseconds !== undefined && { opens: afterLocalStage(readConsole, lateMilliseconds, over.signal) }),
  })
  const start = performance.now()
  const machine = startMachine({ ...life, cloud, taps: network.taps, consoleFile, ...(spoilDisk && { spoilDisk }) })
  const onSignal = (): void => machine.kill()
  process.once('exit', onSignal)
  try {
    const address = cloud.links[orders.reachedBy ?? 0]?.address.split('/')[0] ?? ''
    rmSync(join(life.folder, 'ssh'), { force: true })
    const guest: Guest = { address, user: orders.user, keyFile: life.keyFile, folder: life.folder }
    if (!(await waitForLogin(guest, machine.isRunning, orders.loginSeconds ?? 300)))
      throw new NoLogin(`${title}: no login`)
    const loginSeconds = (performance.now() - start) / 1000
    const ask = async (command: string, timeoutSeconds = 120): Promise<string> => {
      const { exitCode, stdout } = await onGuest(guest, command, timeoutSeconds)
      return exitCode === 0 ? stdout.trimEnd() : `${stdout.trimEnd()} (exit code ${exitCode})`
    }
    await work({ guest, loginSeconds, requests: network.requests, console: readConsole, ask })
    await onGuest(guest, 'sudo systemctl poweroff', 20)
    await Promise.race([machine.ended, setTimeout(90_000, undefined, { ref: false })])
  } catch (error) {
    keepConsole(life, title, consoleFile)
    throw error
  } finally {
    over.abort()
    machine.kill()
    process.off('exit', onSignal)
    await machine.ended
    await network.stop()
  }
}

/** Where a person looks after a failure. */
const keepConsole = (life: Life, title: string, consoleFile: string): void => {
  const folder = process.env['VM_LOGS'] ?? join(cache, 'logs')
  mkdirSync(folder, { recursive: true })
  const kept = join(folder, `${life.cloud}-${title.replaceAll(/\W+/g, '-')}.log`)
  copyFileSync(consoleFile, kept)
  console.error(`console of the failed boot: ${kept}`)
}

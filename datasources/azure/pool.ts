import { HttpFailure, HttpStatusError, messageOf } from '../../src/machine/errors.ts'
import type { Machine } from '../../src/machine/machine.ts'
import { isoTime } from '../../src/machine/time.ts'
import { listNics } from '../../src/network/nics.ts'
import type { DatasourceContext } from '../../src/platform/datasource.ts'
import type { Fabric } from './fabric.ts'
import { ProvisioningFailure } from './failure.ts'
import { imdsHeaders } from './imds.ts'
import { type OvfEnv, readOvfEnv } from './ovf-env.ts'
import { mark, type Preprovisioning } from './preprovisioning.ts'
import type { AzureSettings } from './settings.ts'

/** A machine may wait in the pool for its user for long, but not for ever. */
const longestMilliseconds = 365 * 86_400_000
const glanceMilliseconds = 250

/**
 * Waits in Azure's pool of machines made ahead for the user whom this one will be given to, and reads the media that is then
 * handed out. Leaves the machine connected to its user's network.
 * @throws Error when the wait can't begin or does not end; ProvisioningFailure when the machine should have been shut down.
 */
export const waitForUser = async (
  context: DatasourceContext,
  settings: AzureSettings,
  fabric: Fabric,
  how: Preprovisioning,
  reportReady: () => Promise<void>,
): Promise<OvfEnv> => {
  const { machine } = context
  if (!fabric.isUp) throw new Error('DHCP failed while in source PPS')
  machine.log.info(`in Azure's pool of machines made ahead (${how}): waiting for the user`)
  if (how === 'running') await waitForOtherNetwork(context, fabric, reportReady)
  if (how === 'savable') await waitForOtherNic(context, settings, fabric, reportReady)
  if (how === 'disk') await waitForShutdown(machine, reportReady)
  const document = await reprovisionData(machine, settings, fabric)
  const ovf = await readOvfEnv(document)
  if (!ovf) throw new Error('the media handed out in the pool is not an ovf-env.xml of Azure')
  return ovf
}

const failedInPool = (error: unknown): Error =>
  new Error(`Failed reporting ready while in the preprovisioning pool: ${messageOf(error)}`)

const waitForOtherNetwork = async (
  context: DatasourceContext,
  fabric: Fabric,
  reportReady: () => Promise<void>,
): Promise<void> => {
  const { machine } = context
  const link = fabric.link ?? 'eth0'
  const before = carrierOf(machine, link)
  await reportReady().catch((error: unknown) => {
    throw failedInPool(error)
  })
  fabric.forgetReport()
  mark(context, machine.clock.now())
  let wasLost = false
  await until(machine, () => {
    const { losses, isUp } = carrierOf(machine, link)
    wasLost ||= !isUp || losses > before.losses
    return wasLost && isUp
  })
  machine.log.info(`${link} has been connected to another network`)
  await fabric.disconnect()
}

/** The kernel counts losses of the carrier, so that a short one is not missed between two glances. */
const carrierOf = (machine: Machine, link: string): { readonly losses: number; readonly isUp: boolean } => {
  const fact = (name: string): string => {
    try {
      return (machine.files.readTextIfExists(`/sys/class/net/${link}/${name}`) ?? '').trim()
    } catch {
      // `carrier` can't be read while the link is down.
      return ''
    }
  }
  return { losses: Number.parseInt(fact('carrier_down_count'), 10) || 0, isUp: fact('carrier') === '1' }
}

const waitForOtherNic = async (
  context: DatasourceContext,
  settings: AzureSettings,
  fabric: Fabric,
  reportReady: () => Promise<void>,
): Promise<void> => {
  const { machine } = context
  const present = (): Set<number> => new Set(listNics(machine).map(({ index }) => index))
  const seen = present()
  try {
    await reportReady()
  } catch (error) {
    // The NIC may be gone before the answer is here; a machine that was not heard is thrown away.
    if (!(error instanceof HttpFailure || error instanceof HttpStatusError)) throw failedInPool(error)
    machine.log.debug(`reporting from the pool: ${messageOf(error)}`)
  }
  fabric.forgetReport()
  mark(context, machine.clock.now())
  await fabric.disconnect()
  await until(machine, () => [...seen].some((index) => !present().has(index)))
  machine.log.info('the NIC of the pool is gone')
  for (;;) {
    const fresh = () => listNics(machine).find(({ index }) => !seen.has(index))
    await until(machine, () => fresh() !== undefined)
    const nic = fresh()
    if (!nic) continue
    seen.add(nic.index)
    await fabric.connect(settings.dhcpSeconds.needed, nic.name)
    if (fabric.isPrimary) return
    await fabric.disconnect()
  }
}

const waitForShutdown = async (machine: Machine, reportReady: () => Promise<void>): Promise<never> => {
  await reportReady().catch((error: unknown) => {
    throw failedInPool(error)
  })
  await machine.clock.sleep(longestMilliseconds)
  throw new ProvisioningFailure('error waiting for host shutdown')
}

const until = async (machine: Machine, isSo: () => boolean): Promise<void> => {
  const start = machine.clock.monotonic()
  while (!isSo()) {
    if (machine.clock.monotonic() - start > longestMilliseconds) {
      throw new Error(`waited in Azure's pool since ${isoTime(machine.clock.now() - longestMilliseconds)}: given up`)
    }
    await machine.clock.sleep(glanceMilliseconds)
  }
}

/** Asks for the user's media every second; anew for a lease when the network does not carry any more. */
const reprovisionData = async (machine: Machine, settings: AzureSettings, fabric: Fabric): Promise<Uint8Array> => {
  const url = `${settings.imdsUrl}/reprovisiondata?api-version=2019-06-01`
  const start = machine.clock.monotonic()
  let tries = 0
  while (machine.clock.monotonic() - start < longestMilliseconds) {
    if (!fabric.isUp) await fabric.connect(settings.dhcpSeconds.useful)
    if (!fabric.isUp) {
      await machine.clock.sleep(1000)
      continue
    }
    tries += 1
    const outcome = await machine.http
      .request({ url, headers: imdsHeaders(), timeoutSeconds: 30 })
      .catch((error: unknown) => {
        if (error instanceof HttpFailure) return error
        throw error
      })
    const isNotYet = !(outcome instanceof HttpFailure) && [404, 410, 429, 500, 503].includes(outcome.status)
    if (!(outcome instanceof HttpFailure) && outcome.status < 400 && outcome.body.length > 0) return outcome.body
    // Once a second for days: said at the 1st, 2nd, 4th, 8th ... try only.
    if (Number.isInteger(Math.log2(tries))) machine.log.debug(`no media for the user yet after ${tries} tries`)
    if (!isNotYet && !(outcome instanceof HttpFailure && outcome.reason === 'timeout')) await fabric.disconnect()
    await machine.clock.sleep(1000)
  }
  throw new Error('no user came for this machine: given up')
}

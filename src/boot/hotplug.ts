import type { CachedInstance } from '../instance/instance-cache.ts'
import { messageOf } from '../machine/errors.ts'
import type { HotplugLines } from '../machine/hotplug-lines.ts'
import type { JsonObject } from '../machine/json.ts'
import type { Machine } from '../machine/machine.ts'
import { applyLinkChange } from '../network/apply-change.ts'
import { listNics, type Nic } from '../network/nics.ts'
import { withoutDevice } from '../network/without-device.ts'
import type { Boot } from './boot.ts'
import { keepChanges } from './changes.ts'
import { loadDatasource } from './find-instance.ts'
import { isHotplugEnabled } from './hotplug-enabled.ts'
import { type HotplugEvent, type HotplugQueue, hotplugQueue } from './hotplug-events.ts'
import { describesNic, findGone } from './hotplug-links.ts'
import { askNetwork, keepAnswer, knownNetwork, type NetworkAnswer } from './hotplug-network.ts'
import { currentInstance } from './load-instance.ts'

/** How long the cloud may take until it lists an interface that the machine has already. Seconds. */
const patienceSeconds = 60
/** Between one question and the next, the last again and again. Seconds. */
const pauses = [1, 2, 3, 5, 5, 10]
/** While it waits, it looks that often whether more has happened. Milliseconds. */
const lookInterval = 250

/** An interface that was added, until the cloud has said what it is to be. */
interface Newcomer {
  readonly event: HotplugEvent
  readonly mac: string
  /** Milliseconds on the monotonic clock. */
  readonly since: number
  /** It is configured; there may be more addresses for it. */
  readonly isConfigured: boolean
  /** Why it has to wait, as the log was told. */
  readonly told?: string
}

interface Run {
  readonly boot: Boot
  readonly machine: Machine
  readonly queue: HotplugQueue
  /** An interface that is configured is asked about for so long. Seconds. */
  readonly lateAddressSeconds: number
  instance: CachedInstance
  newcomers: Newcomer[]
  removed: HotplugEvent[]
  readonly failures: string[]
}

/**
 * Deals with all events of network interfaces that are there, and those that come meanwhile: an interface that was added
 * is configured as soon as the cloud says how, and comes up; what one that was removed leaves is cleaned up. All other
 * links stay as they are.
 * @returns a line for each failure
 */
export const handleHotplug = async (boot: Boot, lines: HotplugLines): Promise<string[]> => {
  const machine = boot.machine.as('hotplug')
  const firstChange = machine.journal.entries.length
  const queue = hotplugQueue({ ...boot, machine }, lines)
  const instance = currentInstance(boot)
  const refusal = await refusalOf(boot, instance)
  if (instance === undefined || refusal !== undefined) {
    const events = queue.next()
    queue.keep([])
    return events.map((event) => failed(machine, `${describe(event)}: nothing is done, ${refusal}`))
  }
  if (!(await isHotplugEnabled(boot, instance))) {
    for (const event of queue.next())
      machine.log.info(`${describe(event)}: nothing is done, hotplug is not enabled (updates.network.when)`)
    queue.keep([])
    return []
  }
  const { lateAddressSeconds = 0 } = (await loadDatasource(instance.datasource)) ?? {}
  const run: Run = { boot, machine, queue, lateAddressSeconds, instance, newcomers: [], removed: [], failures: [] }
  await work(run)
  keepChanges(machine, boot.paths, firstChange)
  return run.failures
}

const describe = ({ name, action }: HotplugEvent): string => `${name} was ${action === 'add' ? 'added' : 'removed'}`

const failed = (machine: Machine, message: string): string => {
  machine.log.error(message)
  return message
}

/** The boot looks at all interfaces itself; what it is in the middle of must not change under it. */
const refusalOf = async (
  { machine, paths }: Boot,
  instance: CachedInstance | undefined,
): Promise<string | undefined> => {
  const isOver = machine.files.exists(`${paths.run}/result.json`) || machine.files.exists(`${paths.run}/crashed`)
  if (!isOver) return 'the boot has not finished yet'
  return instance === undefined ? 'there is no instance' : undefined
}

const work = async (run: Run): Promise<void> => {
  let attempt = 0
  for (;;) {
    const events = run.queue.next()
    for (const event of events) await take(run, event)
    if (events.length > 0) attempt = 0
    if (run.newcomers.length === 0 && run.removed.length === 0) {
      run.queue.keep([])
      // One that came in this very moment is in the FIFO, and starts the service again.
      return
    }
    await round(run)
    run.queue.keep([...run.newcomers.map(({ event }) => event), ...run.removed])
    if (run.newcomers.length > 0) await pause(run, attempt)
    attempt += 1
  }
}

/** What the event means, by what the machine has now: several events for one interface are one. */
const take = async (run: Run, event: HotplugEvent): Promise<void> => {
  const { machine } = run
  const { name } = event
  run.removed = run.removed.filter((other) => other.name !== name)
  if (!machine.files.exists(`/sys/class/net/${name}`)) {
    run.newcomers = run.newcomers.filter((other) => other.event.name !== name)
    const known = await knownNetwork(run.boot, run.instance)
    if (known.kind === 'config' && findGone(machine, known.config, name) !== undefined) {
      machine.log.info(`${name} was removed`)
      run.removed.push({ name, action: 'remove' })
    } else machine.log.debug(`${name} was removed, which was not configured`)
    return
  }
  if (event.action === 'remove') {
    machine.log.debug(`${name} was removed and is there again`)
  }
  const nics = listNics(machine)
  const nic = nics.find((candidate) => candidate.name === name)
  if (nic === undefined) {
    machine.log.debug(`${name} is no interface that a cloud gives its machines, and is left alone`)
    return
  }
  const twin = nics.find((other) => other.mac === nic.mac && other.name !== name)
  if (twin !== undefined) {
    machine.log.info(`${name} has the MAC address of ${twin.name}: it is the other half of it, and is left alone`)
    return
  }
  if (run.newcomers.some(({ mac }) => mac === nic.mac)) return
  machine.log.info(`${name} was added (${nic.mac})`)
  const since = machine.clock.monotonic()
  run.newcomers.push({ event: { name, action: 'add' }, mac: nic.mac, since, isConfigured: false })
}

/** Asks once, and settles what can be settled. */
const round = async (run: Run): Promise<void> => {
  const { machine, boot } = run
  const answer = await askNetwork(boot, run.instance)
  // While the cloud is silent, its last word counts.
  const usable = answer.kind === 'config' ? answer : await knownNetwork(boot, run.instance)
  const nics = listNics(machine).filter(({ mac }) => run.newcomers.some((newcomer) => newcomer.mac === mac))
  run.newcomers = run.newcomers.filter(({ mac }) => nics.some((nic) => nic.mac === mac))
  const described = usable.kind === 'config' ? nics.filter((nic) => describesNic(machine, usable.config, nic)) : []
  let reason = answer.kind === 'config' ? `${answer.source} does not list it` : answer.reason
  if (usable.kind === 'config' && (described.length > 0 || run.removed.length > 0)) {
    reason = (await settle(run, usable, described)) ?? reason
  }
  giveUp(run, answer, reason)
}

/** @returns why the configuration could not be used */
const settle = async (
  run: Run,
  { config, source, instance }: Extract<NetworkAnswer, { kind: 'config' }>,
  nics: readonly Nic[],
): Promise<string | undefined> => {
  const { boot, machine, removed } = run
  const left = withoutGone(machine, config, removed)
  try {
    const links = await applyLinkChange(machine, left, {
      renderer: boot.renderer(),
      distro: boot.distro.id,
      added: nics.map(({ mac }) => mac),
      removed: removed.map(({ name }) => name),
    })
    for (const { name } of removed) machine.log.info(`${name}: its configuration is gone`)
    if (nics.length > 0 && run.newcomers.some(({ mac, isConfigured }) => !isConfigured && has(nics, mac)))
      machine.log.info(`${links.join(', ')}: configured as ${source} says`)
    run.removed = []
    run.instance = instance
    await keepAnswer(boot, instance, left)
  } catch (error) {
    for (const { name } of removed)
      run.failures.push(failed(machine, `${name} was removed, but its configuration stays: ${messageOf(error)}`))
    run.removed = []
    return messageOf(error)
  }
  run.newcomers = run.newcomers.map((newcomer) =>
    has(nics, newcomer.mac) ? { ...newcomer, isConfigured: true } : newcomer,
  )
  return undefined
}

const has = (nics: readonly Nic[], mac: string): boolean => nics.some((nic) => nic.mac === mac)

const withoutGone = (machine: Machine, config: JsonObject, removed: readonly HotplugEvent[]): JsonObject => {
  let left = config
  for (const { name } of removed) {
    const device = findGone(machine, left, name)
    if (device !== undefined) left = withoutDevice(left, device)
  }
  return left
}

/** Ends the waiting for interfaces that are done, and for those that nobody will speak of any more. */
const giveUp = (run: Run, answer: NetworkAnswer, reason: string): void => {
  const { machine, lateAddressSeconds } = run
  const now = machine.clock.monotonic()
  run.newcomers = run.newcomers.flatMap((newcomer): Newcomer[] => {
    const { event, mac, since, isConfigured, told } = newcomer
    const seconds = (now - since) / 1000
    if (isConfigured) return seconds < lateAddressSeconds ? [newcomer] : []
    if (answer.kind !== 'nothing' && seconds < patienceSeconds) {
      if (told !== reason) machine.log.info(`${event.name} (${mac}) has to wait: ${reason}`)
      return [{ ...newcomer, told: reason }]
    }
    const after = answer.kind === 'nothing' ? '' : ` after ${Math.round(seconds)} s`
    run.failures.push(failed(machine, `${event.name} (${mac}) is not configured: ${reason}${after}`))
    return []
  })
}

/** Until the next question is due; shorter when something else happens, which is then in `run` already. */
const pause = async (run: Run, attempt: number): Promise<void> => {
  const { machine, queue } = run
  const seconds = pauses[Math.min(attempt, pauses.length - 1)] ?? 1
  const end = machine.clock.monotonic() + seconds * 1000
  while (machine.clock.monotonic() < end) {
    await machine.clock.sleep(Math.min(lookInterval, end - machine.clock.monotonic()))
    if (queue.hasMore()) return
  }
}

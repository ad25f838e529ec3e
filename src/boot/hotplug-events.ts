import type { HotplugLines } from '../machine/hotplug-lines.ts'
import type { Boot } from './boot.ts'

/** A network interface came or went, as udev told. */
export interface HotplugEvent {
  /** The kernel's name of it. */
  readonly name: string
  readonly action: 'add' | 'remove'
}

/** A line of the hook, in cloud-init's form: what `hotplug-hook` takes as its words. */
export const formatEvent = (devpath: string, action: string): string =>
  ` --subsystem=net handle --devpath=${devpath} --udevaction=${action}`

const pattern = /^ ?--subsystem=net handle --devpath=\/?(?:[^\s/]+\/)*([^\s/]{1,15}) --udevaction=(add|remove)$/

export const parseEvent = (line: string): HotplugEvent | undefined => {
  const [, name, action] = pattern.exec(line) ?? []
  return name === undefined || (action !== 'add' && action !== 'remove') ? undefined : { name, action }
}

/** Events that nobody has dealt with yet. */
export interface HotplugQueue {
  /** Whether `next` has something. */
  hasMore(): boolean
  /** What has come since the last call; at first also what a run before this one was ended in the middle of. */
  next(): HotplugEvent[]
  /** Notes that of what `next` gave, these alone still have to be dealt with. */
  keep(events: readonly HotplugEvent[]): void
}

/**
 * The hook's events. What was taken out of the FIFO stands in a file until it is dealt with, so that none is lost when
 * this process is ended.
 */
export const hotplugQueue = ({ machine, paths }: Boot, lines: HotplugLines): HotplugQueue => {
  const path = `${paths.run}/hotplug-events`
  const linesOf = (text: string | undefined): string[] => (text ?? '').split('\n').filter(Boolean)
  let arrived = linesOf(machine.files.readTextIfExists(path))
  let underway: readonly string[] = []
  const save = (): void => {
    const all = [...underway, ...arrived]
    if (all.length === 0) machine.files.remove(path)
    else machine.files.write(path, all.map((line) => `${line}\n`).join(''), { mode: 0o600 })
  }
  const look = (): void => {
    const fresh = lines.read()
    if (fresh.length === 0) return
    arrived = [...arrived, ...fresh]
    save()
  }
  return {
    hasMore: () => {
      look()
      return arrived.length > 0
    },
    next: () => {
      look()
      const taken = arrived
      underway = [...underway, ...taken]
      arrived = []
      return taken.flatMap((line) => {
        const event = parseEvent(line)
        if (event === undefined) machine.log.warning(`this is no event of a network interface: ${line}`)
        return event ?? []
      })
    },
    keep: (events) => {
      underway = events.map(({ name, action }) => formatEvent(`/sys/class/net/${name}`, action))
      save()
    },
  }
}

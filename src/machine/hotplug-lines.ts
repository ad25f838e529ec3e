import { constants, openSync, readSync } from 'node:fs'
import { messageOf } from './errors.ts'

/** What the hook of udev wrote (config/package/hook-hotplug), a line an event. */
export interface HotplugLines {
  /** Whole lines that have come since the last call. Never waits. */
  read(): string[]
}

/** Inherited from the socket unit: the FIFO, open for reading and writing, so that it never ends. */
const inherited = '/proc/self/fd/3'
/** The kernel's FIFO holds 64 KiB. */
const chunkSize = 65_536
/** The hook's lines are far shorter; what is longer is not one of them. */
const longestLine = 4096

/** @throws when this process was not started by cloud-init-hotplugd.socket */
export const openHotplugLines = (): HotplugLines => {
  let descriptor: number
  try {
    // Opened anew: without O_NONBLOCK reading would wait for the next event.
    descriptor = openSync(inherited, constants.O_RDONLY | constants.O_NONBLOCK)
  } catch (error) {
    throw new Error(`this is for cloud-init-hotplugd.service, which hands over the events: ${messageOf(error)}`)
  }
  let rest = ''
  const buffer = Buffer.alloc(chunkSize)
  return {
    read: () => {
      const lines = `${rest}${readAll(descriptor, buffer)}`.split('\n')
      rest = (lines.pop() ?? '').slice(0, longestLine)
      return lines
    },
  }
}

const readAll = (descriptor: number, buffer: Buffer): string => {
  let text = ''
  for (;;) {
    const count = readSome(descriptor, buffer)
    if (count === 0) return text
    text += buffer.toString('latin1', 0, count)
  }
}

/** 0 when there is nothing now. */
const readSome = (descriptor: number, buffer: Buffer): number => {
  try {
    return readSync(descriptor, buffer)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EAGAIN') return 0
    throw error
  }
}

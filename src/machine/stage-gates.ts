import { closeSync, renameSync, writeFileSync } from 'node:fs'
import { Socket } from 'node:net'
import { messageOf } from './errors.ts'

/**
 * How the one process of the boot and the init system's units agree (config/systemd/boot-unit): a unit asks for its
 * stage with a line, and waits until this process closes the stage's descriptor, or ends.
 */
export interface StageGates {
  /** Resolves when the unit of that stage says "go ahead". */
  asked(name: string): Promise<void>
  /** Lets the unit of that stage go on. */
  done(name: string, failures: number): void
  /** Nothing is waited for any more: the process may end. */
  close(): void
}

const folder = '/run/cloud-init/stages'
/** Inherited: the lines of the units. After it, one descriptor a stage. */
const goDescriptor = 3
/** Longer than the names of all stages, many times over. */
const longestText = 4096

/** @throws when this process was not started by the boot's units */
export const openStageGates = (names: readonly string[]): StageGates => {
  let socket: Socket
  try {
    socket = new Socket({ fd: goDescriptor, readable: true, writable: false })
  } catch (error) {
    throw new Error(`--units is for cloud-init-main.service, which says when to go ahead: ${messageOf(error)}`)
  }
  let text = ''
  const waiting = new Set<() => void>()
  const wake = (): void => {
    for (const check of waiting) check()
  }
  socket.setEncoding('latin1')
  socket.on('data', (chunk: string) => {
    text = (text + chunk).slice(-longestText)
    wake()
  })
  // Without a word from the units the boot still goes on: better a stage too early than none.
  let isLost = false
  const lose = (): void => {
    isLost = true
    wake()
  }
  socket.on('error', lose).on('close', lose)
  return {
    asked: (name) =>
      new Promise((resolve) => {
        const check = (): void => {
          if (!isLost && !text.split('\n').includes(name)) return
          waiting.delete(check)
          resolve()
        }
        waiting.add(check)
        check()
      }),
    done: (name, failures) => {
      const path = `${folder}/${name}.exit`
      writeFileSync(`${path}.new`, `${failures}\n`, { mode: 0o600 })
      renameSync(`${path}.new`, path)
      closeSync(goDescriptor + 1 + names.indexOf(name))
    },
    close: () => socket.destroy(),
  }
}

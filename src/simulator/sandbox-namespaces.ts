import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { userInfo } from 'node:os'
import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import { isJsonObject } from '../machine/json.ts'
import type { RequestRecord } from './request-log.ts'
import { descriptors, waitScript } from './sandbox-scripts.ts'

export interface NamespaceOptions {
  /** A line that the boot wrote to its descriptor of events. */
  onEventLine(line: string): void
  onOutput(text: string): void
  readonly timeoutSeconds: number
}

export interface Namespaces {
  /** Prefix by which this process sees the sandbox's files: `/proc/123/root`. */
  readonly root: string
  readonly identityMap: string
  /** Goes on with the script `facts/build.sh`, runs the boot, waits for its end. What it left can be read until `end`. */
  finish(): Promise<Ending>
  end(): Promise<void>
}

export interface Ending {
  readonly exitCode: number
  readonly isTimedOut: boolean
  readonly requests: readonly RequestRecord[]
  readonly notes: readonly string[]
  /** What could not be built; then nothing ran. */
  readonly failure?: string
}

/** Which user ids the sandbox has: all for root; for others themselves as root, and those that /etc/subuid gives them. */
interface IdMaps {
  readonly users: readonly string[]
  readonly groups: readonly string[]
  readonly identity: string
  readonly needsHelper: boolean
}

const GRACE_MILLISECONDS = 5000
/** For making the sandbox, before the boot's own time begins. */
const BUILD_MILLISECONDS = 60_000
const ALL_IDS = 4_294_967_295

const subordinateRange = (file: string, name: string, id: number): { first: string; count: string } | undefined => {
  const lines = existsSync(file) ? readFileSync(file, 'utf8').split('\n') : []
  const [, first, count] =
    lines.map((line) => line.split(':')).find(([owner]) => owner === name || owner === String(id)) ?? []
  return first !== undefined && count !== undefined ? { first, count } : undefined
}

const idMaps = (): IdMaps | { readonly reason: string } => {
  const userId = process.getuid?.() ?? 0
  const groupId = process.getgid?.() ?? 0
  if (userId === 0) {
    const all = `0 0 ${ALL_IDS}`
    return { users: [all], groups: [all], identity: all, needsHelper: false }
  }
  const { username } = userInfo()
  const users = subordinateRange('/etc/subuid', username, userId)
  const groups = subordinateRange('/etc/subgid', username, userId)
  if (!users || !groups) {
    return {
      reason: `without root, user ${username} needs a range of ids in /etc/subuid and /etc/subgid (usermod --add-subuids)`,
    }
  }
  if (spawnSync('newuidmap', [], { stdio: 'ignore' }).error) {
    return { reason: 'without root, newuidmap is needed (package uidmap or shadow-utils)' }
  }
  const count = Math.min(Number(users.count), Number(groups.count))
  return {
    users: [`0 ${userId} 1`, `1 ${users.first} ${users.count}`],
    groups: [`0 ${groupId} 1`, `1 ${groups.first} ${groups.count}`],
    // One line for each of the outer namespace's: a range must not reach over two.
    identity: `0 0 1\n1 1 ${count}`,
    needsHelper: true,
  }
}

/** @returns what went wrong */
const writeMaps = (pid: number, maps: IdMaps): string | undefined => {
  try {
    if (!maps.needsHelper) {
      writeFileSync(`/proc/${pid}/uid_map`, maps.users.join('\n'))
      writeFileSync(`/proc/${pid}/gid_map`, maps.groups.join('\n'))
      return undefined
    }
  } catch (error) {
    return String(error)
  }
  for (const [helper, lines] of [
    ['newuidmap', maps.users],
    ['newgidmap', maps.groups],
  ] as const) {
    const { status, stderr } = spawnSync(helper, [String(pid), ...lines.flatMap((line) => line.split(' '))], {
      encoding: 'utf8',
    })
    if (status !== 0) return `${helper}: ${stderr.trim()}`
  }
  return undefined
}

/** The first process: makes the namespaces and waits until its ids are mapped, then becomes the builder. */
const firstScript = [
  `echo unshared >&${descriptors.messages}`,
  `read -r _ <&${descriptors.control} || exit 99`,
  'exec unshare --mount --pid --fork --kill-child --mount-proc --propagation private sh -c "$1" sh',
].join('\n')

const startProcess = (): ChildProcess =>
  spawn('unshare', ['--user', 'sh', '-c', firstScript, 'sh', waitScript], {
    cwd: '/',
    stdio: ['ignore', 'pipe', 'pipe', 'pipe', 'pipe', 'pipe', 'pipe'],
  })

const refusal = (child: ChildProcess, errors: string, step: string): string => {
  const detail = errors.trim().split('\n').at(-1) ?? ''
  const limits = /Operation not permitted|No space left|Invalid argument/.test(detail)
    ? ' (user namespaces may be switched off here, as they are in most containers)'
    : ''
  return `${step}: ${detail || `exit code ${child.exitCode ?? 'none'}`}${limits}`
}

/** Makes the namespaces of a sandbox, up to where its files can be put in place. */
export const startNamespaces = async (options: NamespaceOptions): Promise<Namespaces | { readonly reason: string }> => {
  if (process.platform !== 'linux') return { reason: 'overlays exist on Linux only' }
  const maps = idMaps()
  if ('reason' in maps) return maps
  const child = startProcess()
  const stream = (index: number): Readable & Writable => child.stdio[index] as Readable & Writable
  let errors = ''
  const isGone = new Promise<void>((resolve) => {
    child.once('error', (error) => {
      errors += `\n${error.message}`
      resolve()
    })
    child.once('close', () => resolve())
  })
  for (const index of Object.values(descriptors)) stream(index).on('error', () => undefined)
  child.stdout?.setEncoding('utf8').on('data', options.onOutput)
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    errors = (errors + text).slice(-4096)
    options.onOutput(text)
  })
  createInterface({ input: stream(descriptors.events) }).on('line', options.onEventLine)

  const messages = readMessages(stream(descriptors.messages), isGone)
  const end = async (): Promise<void> => {
    child.kill('SIGKILL')
    await isGone
  }
  let timer: NodeJS.Timeout | undefined
  const limit = (milliseconds: number): void => {
    clearTimeout(timer)
    timer = setTimeout(() => {
      // The boot ends, and what it did so far can be read; if that does not help, everything ends.
      messages.timeOut()
      stream(descriptors.lifeline).destroy()
      timer = setTimeout(() => child.kill('SIGKILL'), GRACE_MILLISECONDS)
    }, milliseconds)
  }
  limit(BUILD_MILLISECONDS)
  messages.wait('booting').then((line) => line && limit(options.timeoutSeconds * 1000))
  isGone.then(() => clearTimeout(timer))

  const go = (): void => void stream(descriptors.control).write('go\n')
  const stop = async (step: string): Promise<{ readonly reason: string }> => {
    await end()
    return { reason: messages.failure() ?? refusal(child, errors, step) }
  }

  if (!(await messages.wait('unshared')) || child.pid === undefined) return stop('a user namespace')
  const wrong = writeMaps(child.pid, maps)
  if (wrong !== undefined) return stop(`user ids in the sandbox (${wrong})`)
  go()
  if (!(await messages.wait('mounted'))) return stop('a namespace of mounts and processes')

  return {
    root: `/proc/${child.pid}/root`,
    identityMap: maps.identity,
    end: async () => {
      go()
      await end()
    },
    finish: async () => {
      go()
      const said = await messages.wait('ended')
      const exitCode = Number(said?.split(' ')[1] ?? 128)
      const failure =
        messages.failure() ?? (said || messages.isTimedOut() ? undefined : refusal(child, errors, 'the sandbox ended'))
      return {
        exitCode,
        isTimedOut: messages.isTimedOut(),
        requests: messages.requests(),
        notes: messages.notes(),
        ...(failure !== undefined && { failure: `it was not possible to make ${failure}` }),
      }
    },
  }
}

/** What the scripts say: `mounted`, `booting`, `failed WHAT`, `note WHAT`, `requests JSON`, `ended CODE`. */
const readMessages = (input: Readable, isGone: Promise<void>) => {
  const lines: string[] = []
  let isTimedOut = false
  let sleepers: (() => void)[] = []
  const wake = (): void => {
    const woken = sleepers
    sleepers = []
    for (const sleeper of woken) sleeper()
  }
  createInterface({ input }).on('line', (line) => {
    lines.push(line)
    wake()
  })
  let isOver = false
  isGone.then(() => {
    isOver = true
    wake()
  })
  const starting = (word: string): string[] => lines.filter((line) => line.startsWith(word))
  const after = (word: string): string[] => starting(`${word} `).map((line) => line.slice(word.length + 1))
  return {
    /** The line that begins with `word`; undefined when the process ends without it. */
    wait: async (word: string): Promise<string | undefined> => {
      for (;;) {
        const [line] = starting(word)
        if (line !== undefined || isOver) return line
        await new Promise<void>((resolve) => sleepers.push(resolve))
      }
    },
    timeOut: () => {
      isTimedOut = true
    },
    isTimedOut: () => isTimedOut,
    failure: () => after('failed')[0],
    notes: () => after('note'),
    requests: (): RequestRecord[] => {
      const value: unknown = JSON.parse(after('requests')[0] ?? '[]')
      return Array.isArray(value) ? (value.filter(isJsonObject) as unknown as RequestRecord[]) : []
    },
  }
}

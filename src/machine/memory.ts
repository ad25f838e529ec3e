import { checkedResult, commandResult, notInstalled, shownArgv } from './command-result.ts'
import { createJournal } from './create-journal.ts'
import { createLog } from './create-log.ts'
import type { BlockDevice, MountOptions } from './disks.ts'
import { HttpFailure, LinkError, MountError } from './errors.ts'
import type { Files } from './files.ts'
import type { Http, HttpOutcome, HttpRequest } from './http.ts'
import type { DhcpLease, LinkAddress, Links } from './links.ts'
import type { LogRecord } from './log.ts'
import type { CommandOptions, CommandResult, Machine } from './machine.ts'
import { mountedFolder } from './mounts.ts'
import { type SimulatedClock, simulatedClock } from './simulated-clock.ts'
import { joined, memoryStore, nameOf, parentOf, type TreeNode, type TreeStore } from './tree.ts'
import { treeFiles } from './tree-files.ts'
import { defaultPath, findCommand } from './which.ts'

/** A file to begin with. Text or bytes alone are a file with mode 0644 of root. */
export type MemoryFile =
  | string
  | Uint8Array
  | {
      readonly content: string | Uint8Array
      readonly mode?: number
      readonly userId?: number
      readonly groupId?: number
      /** Milliseconds since 1970. */
      readonly modified?: number
    }
  | { readonly link: string }
  | { readonly folder: true; readonly mode?: number; readonly userId?: number; readonly groupId?: number }
  | { readonly socket: true }
  | { readonly device: true }

/** What a made-up command says: text alone is stdout. Anything left out is empty, the exit code 0. */
export type MemoryCommand =
  | string
  | { readonly stdout?: string | Uint8Array; readonly stderr?: string; readonly exitCode?: number }

/** Answers a command that the table does not have; undefined: not installed. May change the machine's files. */
export type MemoryCommandHandler = (
  argv: readonly string[],
  options: CommandOptions,
  machine: MemoryMachine,
) => MemoryCommand | undefined | Promise<MemoryCommand | undefined>

export interface MemoryDisk extends Omit<BlockDevice, 'isPartition'> {
  /** Default false. */
  readonly isPartition?: boolean
  /** What is on it, by path from its root (`/openstack/latest/meta_data.json`; the first slash may be left out). */
  readonly files?: Readonly<Record<string, MemoryFile>>
  readonly unmountable?: boolean
  /** What `disks.readBytes` sees, from the first byte on; a command of a test may change it. Without it: unreadable. */
  readonly bytes?: Uint8Array
}

export interface MemoryOptions {
  /** Absolute path -> file. Folders above are made; a path that ends in `/` is an empty folder. */
  readonly files?: Readonly<Record<string, MemoryFile>>
  /** Joined command line (`useradd bob --shell /bin/sh`) -> what it says. */
  readonly commands?: Readonly<Record<string, MemoryCommand>>
  readonly onCommand?: MemoryCommandHandler
  /** Installed commands: names (found in /usr/bin) or paths; or a function. Executable files of the tree count too. */
  readonly which?: readonly string[] | ((command: string) => string | undefined)
  /**
   * Answers requests. An HttpFailure that is returned (or thrown) is thrown to the caller, for reason `timeout` only
   * after the request's timeout (default 10 s) has passed on the simulated clock. Without it: network unreachable.
   */
  readonly http?: (request: HttpRequest, machine: MemoryMachine) => HttpOutcome | Promise<HttpOutcome>
  readonly disks?: readonly MemoryDisk[]
  /** Link name -> options of its DHCP lease; a link without one gets none. */
  readonly leases?: Readonly<Record<string, Readonly<Record<string, string>>>>
  /** Addresses that the links have. */
  readonly addresses?: readonly LinkAddress[]
  readonly environment?: Readonly<Record<string, string | undefined>>
  /** Default 0: root. */
  readonly userId?: number
  /** Milliseconds since 1970; default 2025-01-01T12:00:00Z. */
  readonly startTime?: number
  /** Default 10. */
  readonly uptimeSeconds?: number
  /** Fails a file operation with a kernel's code: `(action, path) => action === 'write' ? 'ENOSPC' : undefined`. */
  readonly fault?: (action: string, path: string) => string | undefined
}

export interface CommandRun {
  readonly actor: string
  /** Secrets are shown here, unlike in the journal: this is a test's view. */
  readonly argv: readonly string[]
  readonly options: CommandOptions
  /** True for `ask`, false for `run`. */
  readonly asked: boolean
}

/** What a test sees of a file. `content` of a link is where it points; of a folder or socket it is empty. */
export interface TreeEntry {
  readonly type: TreeNode['type']
  /** As UTF-8. */
  readonly content: string
  readonly bytes: Uint8Array
  readonly mode: number
  readonly userId: number
  readonly groupId: number
}

/** A made-up machine, and what tests want to know about it. `as()` gives machines that share all of this. */
export interface MemoryMachine extends Machine {
  readonly clock: SimulatedClock
  /** All that is in the tree now (without `/` and mounted disks), by path, sorted. */
  tree(): Record<string, TreeEntry>
  /** Log records, in order. */
  readonly records: readonly LogRecord[]
  /** Commands run and asked, in order. */
  readonly commands: readonly CommandRun[]
  /** Mounts done, also those that failed. */
  readonly mounts: readonly { readonly device: string; readonly types: readonly string[]; readonly failed: boolean }[]
  /** Devices that were flushed, in order. */
  readonly flushes: readonly string[]
  readonly requests: readonly HttpRequest[]
  readonly linkCalls: readonly { readonly call: 'up' | 'dhcp' | 'linkLocal' | 'release'; readonly link: string }[]
  as(actor: string): MemoryMachine
}

const rootOwner = { userId: 0, groupId: 0 }

const nodeOf = (file: MemoryFile, modified: number): TreeNode => {
  if (typeof file === 'string' || file instanceof Uint8Array) return nodeOf({ content: file }, modified)
  if ('link' in file) return { type: 'link', target: file.link, mode: 0o777, ...rootOwner, modified }
  if ('socket' in file) return { type: 'socket', mode: 0o666, ...rootOwner, modified }
  if ('device' in file) return { type: 'device', mode: 0o660, ...rootOwner, modified }
  const owner = { userId: file.userId ?? 0, groupId: file.groupId ?? 0 }
  if ('folder' in file) return { type: 'folder', mode: file.mode ?? 0o755, ...owner, modified }
  const bytes = new Uint8Array(Buffer.from(file.content))
  const attributes = { mode: file.mode ?? 0o644, ...owner, modified: file.modified ?? modified }
  return { type: 'file', ...attributes, size: bytes.length, read: () => bytes.slice() }
}

const plant = (store: TreeStore, root: string, files: Readonly<Record<string, MemoryFile>>, now: number): void => {
  const folder: TreeNode = { type: 'folder', mode: 0o755, ...rootOwner, modified: now }
  const ensure = (path: string): void => {
    if (store.get(path)?.type === 'folder') return
    if (path !== '/') ensure(parentOf(path))
    store.set(path, folder)
  }
  ensure(root)
  for (const [name, file] of Object.entries(files)) {
    const path = joined(root, name.replace(/^\/+|\/+$/g, ''))
    ensure(parentOf(path))
    store.set(path, name.endsWith('/') ? folder : nodeOf(file, now))
  }
}

const treeOf = (store: TreeStore, hidden: string): Record<string, TreeEntry> => {
  const entries: Record<string, TreeEntry> = {}
  const walk = (path: string): void => {
    const node = store.get(path)
    if (!node || path === hidden) return
    const { type, mode, userId, groupId } = node
    const bytes = node.type === 'file' ? node.read(node.size) : new Uint8Array()
    const content = node.type === 'link' ? node.target : Buffer.from(bytes).toString('utf8')
    if (path !== '/') entries[path] = { type, content, bytes, mode, userId, groupId }
    if (type === 'folder') for (const name of store.names(path)) walk(joined(path, name))
  }
  walk('/')
  return entries
}

const mountFolder = '/firstlight-mounts'

/**
 * A made-up machine: files, commands, HTTP, disks and clock exist in memory only, by what `options` says. For tests.
 *
 * @example
 * const machine = memoryMachine({
 *   files: { '/etc/hostname': 'old\n', '/root/.ssh/': '' },
 *   commands: { 'hostname new': '' },
 *   http: async ({ url }) => httpResponse({ url, body: '{}' }),
 * })
 * await machine.run(['hostname', 'new'])
 * assert.equal(machine.tree()['/etc/hostname']?.content, 'old\n')
 */
export const memoryMachine = (options: MemoryOptions = {}): MemoryMachine => {
  const clock = simulatedClock(options.startTime ?? Date.UTC(2025, 0, 1, 12), options.uptimeSeconds ?? 10)
  const store = memoryStore()
  plant(store, '/', options.files ?? {}, clock.now())
  const journal = createJournal()
  const records: LogRecord[] = []
  const log = createLog({ clock, sinks: [(record) => records.push(record)] })
  const commands: CommandRun[] = []
  const mounts: { device: string; types: readonly string[]; failed: boolean }[] = []
  const requests: HttpRequest[] = []
  const flushes: string[] = []
  const linkCalls: { call: 'up' | 'dhcp' | 'linkLocal' | 'release'; link: string }[] = []

  const answer = async (request: HttpRequest, machine: MemoryMachine): Promise<HttpOutcome | undefined> => {
    try {
      return await options.http?.(request, machine)
    } catch (error) {
      if (error instanceof HttpFailure) return error
      throw error
    }
  }
  const http = (machine: MemoryMachine): Http => ({
    request: async (request) => {
      requests.push(request)
      const failure = (reason: HttpFailure['reason'], detail: string) => new HttpFailure(request.url, reason, detail)
      if (request.signal?.aborted) throw failure('aborted', 'no longer wanted')
      const outcome = (await answer(request, machine)) ?? failure('unreachable', 'network unreachable')
      if (!(outcome instanceof HttpFailure)) return outcome
      if (outcome.reason === 'timeout') await clock.pass((request.timeoutSeconds ?? 10) * 1000, request.signal)
      throw outcome
    },
  })

  const links: Links = {
    up: async (link) => {
      linkCalls.push({ call: 'up', link })
    },
    dhcp: async (link): Promise<DhcpLease> => {
      linkCalls.push({ call: 'dhcp', link })
      const lease = options.leases?.[link]
      if (!lease) throw new LinkError(link, 'no DHCP lease')
      return { interface: link, options: lease }
    },
    linkLocal: async (link) => {
      linkCalls.push({ call: 'linkLocal', link })
    },
    release: async (link) => {
      linkCalls.push({ call: 'release', link })
    },
    addresses: async () => options.addresses ?? [],
  }

  let mountNumber = 0
  const withMounted =
    (files: Files) =>
    async <T>(
      device: string,
      use: (folder: string) => T | Promise<T>,
      { types = [] }: MountOptions = {},
    ): Promise<T> => {
      const already = mountedFolder(files, device)
      if (already !== undefined) return use(already)
      const disk = options.disks?.find((candidate) => candidate.path === device)
      const fits = disk?.type === undefined || types.length === 0 || types.includes(disk.type) || types.includes('auto')
      const failed = !disk || disk.unmountable === true || !fits
      mounts.push({ device, types, failed })
      if (failed) throw new MountError(device, disk ? 'wrong fs type' : 'no such device')
      mountNumber += 1
      const folder = joined(mountFolder, String(mountNumber))
      plant(store, folder, disk.files ?? {}, clock.now())
      try {
        return await use(folder)
      } finally {
        store.delete(folder)
        if (store.names(mountFolder).length === 0) store.delete(mountFolder)
      }
    }

  const execute = async (
    machine: MemoryMachine,
    actor: string,
    argv: readonly string[],
    given: CommandOptions,
    asked: boolean,
  ) => {
    commands.push({ actor, argv: [...argv], options: given, asked })
    const listed = options.commands?.[argv.join(' ')]
    const answer = listed ?? (await options.onCommand?.(argv, given, machine))
    if (answer === undefined) throw notInstalled(argv, given)
    const result = commandResult(typeof answer === 'string' ? { stdout: answer } : answer)
    const said = given.output === 'pass' ? commandResult({ exitCode: result.exitCode }) : result
    return { result: said, check: () => checkedResult(argv, given, said) }
  }

  const which = (files: Files, command: string): string | undefined => {
    if (typeof options.which === 'function') return options.which(command)
    const listed = options.which?.find((entry) => entry === command || nameOf(entry) === command)
    if (listed !== undefined) return listed.startsWith('/') ? listed : `/usr/bin/${listed}`
    const found = findCommand(files, command, options.environment?.['PATH'] ?? defaultPath)
    if (found !== undefined || options.which !== undefined) return found
    const isKnown = Object.keys(options.commands ?? {}).some((line) => line.split(' ', 1)[0] === command)
    return isKnown ? `/usr/bin/${command}` : undefined
  }

  const asActor = (actor: string): MemoryMachine => {
    const files = treeFiles({
      store,
      journal,
      actor,
      now: clock.now,
      owner: rootOwner,
      keepContent: false,
      ...(options.fault && { fault: options.fault }),
    })
    const machine: MemoryMachine = {
      kind: 'memory',
      files,
      clock,
      journal,
      links,
      http: { request: (request) => http(machine).request(request) },
      log: log.as(actor),
      disks: {
        list: async () =>
          (options.disks ?? []).map(({ files: _files, unmountable: _unmountable, bytes: _bytes, ...disk }) => ({
            ...disk,
            isPartition: disk.isPartition ?? false,
          })),
        withMounted: withMounted(files),
        readBytes: async (device, offset, length) =>
          options.disks?.find(({ path }) => path === device)?.bytes?.slice(offset, offset + length),
        flush: async (device) => void flushes.push(device),
      },
      environment: options.environment ?? {},
      userId: options.userId ?? 0,
      run: async (argv, given = {}): Promise<CommandResult> => {
        const change = {
          actor,
          kind: 'command' as const,
          argv: shownArgv(argv, given.secrets),
          ...(given.input !== undefined && { input: true }),
        }
        const { result, check } = await execute(machine, actor, argv, given, false)
        journal.record({ ...change, exitCode: result.exitCode })
        return check()
      },
      ask: async (argv, given = {}) => (await execute(machine, actor, argv, given, true)).check(),
      which: (command) => which(files, command),
      as: asActor,
      tree: () => treeOf(store, mountFolder),
      records,
      commands,
      mounts,
      flushes,
      requests,
      linkCalls,
    }
    return machine
  }
  return asActor('test')
}

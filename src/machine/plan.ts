import { commandResult, shownArgv } from './command-result.ts'
import { createJournal } from './create-journal.ts'
import { createLog } from './create-log.ts'
import { FileError, LinkError } from './errors.ts'
import type { Files } from './files.ts'
import type { Http } from './http.ts'
import { httpResponse } from './http-response.ts'
import type { Links } from './links.ts'
import type { LogSink } from './log.ts'
import type { Machine } from './machine.ts'
import { shownUrl } from './shown-url.ts'
import { overlayStore } from './tree.ts'
import { treeFiles } from './tree-files.ts'

const refuse = async (name: string): Promise<never> => {
  throw new LinkError(name, 'a plan changes no network links', true)
}
const noLinks: Omit<Links, 'addresses'> = {
  up: refuse,
  dhcp: refuse,
  linkLocal: refuse,
  release: async () => undefined,
}

/**
 * Files as far as they can be read without root: a plan can be made by anyone. What may not be looked at counts as not
 * there, and the log says so.
 */
const readableFiles = ({ files, log }: Machine): Files => {
  const told = new Set<string>()
  const isHidden = (error: unknown, path: string): boolean => {
    if (!(error instanceof FileError) || error.reason !== 'EACCES') return false
    if (!told.has(path)) log.warning(`${error.message}; the plan takes it for missing`)
    told.add(path)
    return true
  }
  return {
    ...files,
    linkStat: (path) => {
      try {
        return files.linkStat(path)
      } catch (error) {
        if (isHidden(error, path)) return undefined
        throw error
      }
    },
    list: (path) => {
      try {
        return files.list(path)
      } catch (error) {
        if (isHidden(error, path)) return []
        throw error
      }
    },
    readBytes: (path, limit) => {
      try {
        return files.readBytes(path, limit)
      } catch (error) {
        if (isHidden(error, path)) throw new FileError('read', path, 'ENOENT', 'permission denied: run as root')
        throw error
      }
    },
  }
}

/** A plan asks, but tells nobody anything: what would be posted counts as received. */
const askingHttp = ({ http, log }: Machine): Http => ({
  request: async (request) => {
    if (request.method !== 'POST' && request.method !== 'DELETE') return http.request(request)
    log.debug(`${request.method} ${shownUrl(request.url)} is left out of a plan`)
    return httpResponse({ url: request.url })
  },
})

export interface PlanOptions {
  /** Where the plan's log records go. Default: into the log of `base`. */
  readonly sinks?: readonly LogSink[]
}

/**
 * A plan of what would be done to `base`: its files are read through, and what is written stays in memory, where later
 * reads see it. `run` only records the command; `ask` really asks, and does not see planned writes. The journal keeps
 * what files held before and after. Disks are those of `base`, and so is HTTP, but for POST and DELETE: a plan tells
 * nobody anything.
 */
export const planMachine = (base: Machine, options: PlanOptions = {}): Machine => {
  const log = options.sinks && createLog({ clock: base.clock, sinks: options.sinks })
  const store = overlayStore(readableFiles(base))
  const journal = createJournal()

  const asActor = (actor: string, here: Machine): Machine => ({
    kind: 'plan',
    files: treeFiles({
      store,
      journal,
      actor,
      now: base.clock.now,
      // A plan is of what root would do, whoever asks for it.
      owner: { userId: 0, groupId: 0 },
      keepContent: true,
    }),
    http: askingHttp(here),
    clock: here.clock,
    // Nothing that a plan does has to reach a disk.
    disks: { ...here.disks, flush: async () => undefined },
    // A plan of a plan has what that made up.
    links: base.kind === 'plan' ? base.links : { ...noLinks, addresses: () => base.links.addresses() },
    journal,
    log: log?.as(actor) ?? here.log,
    environment: here.environment,
    userId: here.userId,
    run: async (argv, options = {}) => {
      journal.record({
        actor,
        kind: 'command',
        argv: shownArgv(argv, options.secrets),
        ...(options.input !== undefined && { input: true }),
      })
      return commandResult()
    },
    ask: (argv, options) => here.ask(argv, options),
    which: (command) => here.which(command),
    as: (other) => asActor(other, base.as(other)),
  })
  return asActor('firstlight', base)
}

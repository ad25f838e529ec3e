import { existsSync, readFileSync, realpathSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import type { ProgressEvent } from '../boot/progress.ts'
import { isJsonObject, type JsonObject } from '../machine/json.ts'
import { createCloud, type Fault, type SimulatedMachine } from './index.ts'
import type { InsideOrders } from './inside.ts'
import { layerRules, layersOf, privateFolders } from './layers.ts'
import type { RequestRecord } from './request-log.ts'
import { keepFiles, readChanges, type SandboxChange } from './sandbox-changes.ts'
import { type AddedFiles, placesOf, shimFolders, writeFacts } from './sandbox-facts.ts'
import { startNamespaces } from './sandbox-namespaces.ts'
import { BASE, type BuildPlan, buildScript, enterScript } from './sandbox-scripts.ts'
import { addedUsers, type SandboxUser } from './sandbox-users.ts'
import { COMMAND_LOG } from './shims.ts'

export interface SandboxOptions extends SimulatedMachine {
  /**
   * How to start firstlight, without a command's words: `[process.execPath, '/opt/firstlight/firstlight.cjs']`. The
   * sandbox shows the folders of all absolute paths in it.
   */
  readonly firstlight: readonly string[]
  /** What runs inside; default: firstlight with `boot --events`. Its events are lines on standard output, or on descriptor 3. */
  readonly command?: readonly string[]
  /** The process that is the cloud; default: firstlight with `sandbox-inside`. */
  readonly inside?: readonly string[]
  /** Further folders that must be seen inside though they lie in /tmp or /run. */
  readonly visible?: readonly string[]
  /** Files that the machine has before the boot, over its own: `/etc/cloud/cloud.cfg`. Mode 0644, root. */
  readonly files?: AddedFiles
  /** Each stage and module, as it begins and ends. */
  readonly onEvent?: (event: ProgressEvent) => void
  /** What the boot and the user's scripts print. */
  readonly onOutput?: (text: string) => void
  /** Before every answer of the simulated cloud. */
  readonly delayMilliseconds?: number
  /** How the simulated cloud misbehaves. */
  readonly fault?: Fault & { readonly paths?: RegExp }
  /** For the boot itself. Default 600. */
  readonly timeoutSeconds?: number
  /** Folder into which the changed files are copied in the end; it is made. */
  readonly keep?: string
}

export interface SandboxResult {
  readonly ran: true
  /** Of the boot; 128 when it was ended by a signal (a reboot from inside does that). */
  readonly exitCode: number
  readonly isTimedOut: boolean
  readonly seconds: number
  readonly events: readonly ProgressEvent[]
  readonly changes: readonly SandboxChange[]
  readonly users: readonly SandboxUser[]
  /** Commands that the sandbox stood in for (services, disks, packages, power), argv each. */
  readonly withheldCommands: readonly (readonly string[])[]
  /** status.json and result.json, when the boot wrote them. */
  readonly status: JsonObject | undefined
  readonly result: JsonObject | undefined
  /** Text of firstlight's journal of changes (JSON lines), when the boot wrote it. */
  readonly journal: string | undefined
  readonly log: string | undefined
  /** What the cloud was asked. */
  readonly requests: readonly RequestRecord[]
  /** The last 64 KiB that were printed. */
  readonly output: string
  /** What the sandbox could not make as it is on the cloud. */
  readonly notes: readonly string[]
  readonly keptIn: string | undefined
}

/** No sandbox could be made here; nothing ran. */
export interface SandboxRefusal {
  readonly ran: false
  /** What is not allowed or missing, fit for a user. */
  readonly reason: string
}

const LONGEST_OUTPUT = 64 * 1024
const STATE = '/var/lib/cloud'
const leftovers = ['/var/log/cloud-init.log', '/var/log/cloud-init-output.log', '/etc/cloud/cloud-init.disabled']

const isRoot = (): boolean => process.getuid?.() === 0

const isPrivate = (path: string): boolean => privateFolders.some((folder) => path.startsWith(`${folder}/`))

/** Folders of programs and bundles that lie where the sandbox has folders of its own. */
const visibleFolders = ({ firstlight, inside = [], command = [], visible = [] }: SandboxOptions): string[] => {
  const words = [...firstlight, ...inside, ...command].filter((word) => word.startsWith('/') && existsSync(word))
  const folders = words.flatMap((word) => [dirname(word), dirname(realpathSync(word))])
  return [...new Set([...folders, ...visible])].filter(isPrivate)
}

const base64 = (data: string | Uint8Array): string => Buffer.from(data).toString('base64')

const ordersFor = (options: SandboxOptions): InsideOrders => {
  const { cloud, sshKeys, hostname, instanceId, userData, vendorData, delayMilliseconds, fault } = options
  return {
    machine: {
      cloud,
      ...(sshKeys && { sshKeys }),
      ...(hostname !== undefined && { hostname }),
      ...(instanceId !== undefined && { instanceId }),
      ...(userData !== undefined && { userData: base64(userData) }),
      ...(vendorData !== undefined && { vendorData: base64(vendorData) }),
    },
    command: options.command ?? [...options.firstlight, 'boot', '--events'],
    ...(delayMilliseconds !== undefined && { delayMilliseconds }),
    ...(fault && { fault: { ...fault, paths: fault.paths?.source ?? '' } }),
  }
}

const textOf = (path: string): string | undefined => {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}

const objectIn = (path: string): JsonObject | undefined => {
  try {
    const value: unknown = JSON.parse(textOf(path) ?? 'null')
    return isJsonObject(value) ? value : undefined
  } catch {
    return undefined
  }
}

const eventIn = (line: string): ProgressEvent | undefined => {
  try {
    const value: unknown = JSON.parse(line)
    if (!isJsonObject(value) || (value['type'] !== 'stage' && value['type'] !== 'module')) return undefined
    return value as unknown as ProgressEvent
  } catch {
    return undefined
  }
}

const commandsIn = (text: string | undefined): string[][] =>
  (text ?? '')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.split('\t'))

const planFor = (options: SandboxOptions, identityMap: string): BuildPlan => {
  const cloud = createCloud(options)
  const shims = shimFolders(cloud, options.files ?? {})
  return {
    layers: layersOf(layerRules(isRoot())),
    cloud,
    visible: visibleFolders(options),
    hasShims: (path) => shims.has(path),
    emptied: [STATE].filter((path) => existsSync(path)),
    removed: leftovers.filter((path) => existsSync(path)),
    hasSystemd: existsSync('/run/systemd/system') || existsSync('/usr/bin/systemctl') || existsSync('/bin/systemctl'),
    hasIp: placesOf('ip').length > 0,
    identityMap,
    inside: options.inside ?? [...options.firstlight, 'sandbox-inside'],
  }
}

/**
 * Boots a simulated machine in a throw-away copy-on-write overlay of this one, for real: its commands run, its files
 * are written, and nothing of it reaches this machine. Works as root, and for other users where the kernel lets them
 * have user namespaces and overlayfs in them (Linux 5.11) and /etc/subuid gives them user ids.
 *
 * Everything is gone when it returns (or when this process is killed), but for the files copied to `keep`.
 */
export const runInSandbox = async (options: SandboxOptions): Promise<SandboxResult | SandboxRefusal> => {
  const start = performance.now()
  const events: ProgressEvent[] = []
  let output = ''
  const onOutput = (text: string): void => {
    output = (output + text).slice(-LONGEST_OUTPUT)
    options.onOutput?.(text)
  }
  const onEventLine = (line: string): void => {
    const event = eventIn(line)
    if (!event) {
      onOutput(`${line}\n`)
      return
    }
    events.push(event)
    options.onEvent?.(event)
  }
  const namespaces = await startNamespaces({
    onEventLine,
    onOutput,
    timeoutSeconds: options.timeoutSeconds ?? 600,
  })
  if ('reason' in namespaces) return { ran: false, reason: namespaces.reason }
  try {
    const base = `${namespaces.root}${BASE}`
    const plan = planFor(options, namespaces.identityMap)
    const { layers } = plan
    writeFacts(base, plan.cloud, ordersFor(options), options.files ?? {})
    writeFileSync(`${base}/facts/build.sh`, buildScript(plan))
    writeFileSync(`${base}/facts/enter.sh`, enterScript(plan))
    const ended = await namespaces.finish()
    if (ended.failure !== undefined) return { ran: false, reason: ended.failure }
    const root = `${base}/root`
    const changes = existsSync(root) ? readChanges({ layers, base, ignored: leftovers, isRoot: isRoot() }) : []
    if (options.keep !== undefined) keepFiles(changes, root, options.keep)
    return {
      ran: true,
      exitCode: ended.exitCode,
      isTimedOut: ended.isTimedOut,
      seconds: (performance.now() - start) / 1000,
      events,
      changes,
      users: addedUsers(textOf('/etc/passwd'), textOf(`${root}/etc/passwd`), textOf(`${root}/etc/group`)),
      withheldCommands: commandsIn(textOf(`${root}${COMMAND_LOG}`)),
      status: objectIn(`${root}${STATE}/data/status.json`),
      result: objectIn(`${root}${STATE}/data/result.json`),
      journal: textOf(`${root}${STATE}/data/changes.jsonl`),
      log: textOf(`${root}/var/log/cloud-init.log`),
      requests: ended.requests,
      output,
      notes: ended.notes,
      keptIn: options.keep,
    }
  } finally {
    await namespaces.end()
  }
}

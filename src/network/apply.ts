import { ConfigError, messageOf } from '../machine/errors.ts'
import type { Owner } from '../machine/files.ts'
import type { JsonObject } from '../machine/json.ts'
import type { Machine } from '../machine/machine.ts'
import { activateNetwork } from './activate.ts'
import type { NetworkModel } from './model.ts'
import { listNics } from './nics.ts'
import { parseNetwork, passThrough } from './parse/index.ts'
import { renameLinks } from './renames.ts'
import { renderers } from './render/index.ts'
import type { RenderedFile } from './render/renderer.ts'

export interface ApplyOptions {
  readonly renderer: string
  readonly distro: string
  /** The machine's own tools have started already, so they must be told. */
  readonly bringsUp: boolean
}

/**
 * Writes network config for the machine's tools to read: all of it, or, where some of it can't be used, nothing.
 *
 * @returns true when a file changed
 * @throws ConfigError naming the key that can't be used
 */
export const applyNetwork = async (machine: Machine, config: JsonObject, options: ApplyOptions): Promise<boolean> => {
  const { renderer, distro } = options
  const { model, files } = renderNetwork(machine, config, { renderer, distro })
  if (machine.kind !== 'image') await renameLinks(machine, model)
  const changed = files.filter((file) => writeFile(machine, file)).length > 0
  const hasStale = removeStale(machine, files)
  if (!changed && !hasStale) {
    machine.log.debug(`the network configuration for ${renderer} is as it was`)
    return false
  }
  machine.log.info(`wrote the network configuration for ${renderer}: ${files.map(({ path }) => path).join(', ')}`)
  if (renderer === 'netplan') await generate(machine)
  if (options.bringsUp) await activateNetwork(machine, renderer, model)
  return true
}

/** What would be written, without writing it. @throws ConfigError */
export const renderNetwork = (
  machine: Machine,
  config: JsonObject,
  { renderer, distro }: Pick<ApplyOptions, 'renderer' | 'distro'>,
): { readonly model: NetworkModel; readonly files: RenderedFile[] } => {
  const render = renderers[renderer]
  if (render === undefined) throw new ConfigError('system_info.network.renderers', `${renderer} is unknown`)
  const warn = (message: string): void => machine.log.warning(`network config: ${message}`)
  const parsed = parseFor(machine, config, renderer, warn)
  return { model: parsed, files: render(parsed, { distro, hasIp: machine.which('ip') !== undefined, warn }) }
}

/** netplan may understand what the model does not; then there is nothing to rename, and netplan judges the rest. */
const parseFor = (
  machine: Machine,
  config: JsonObject,
  renderer: string,
  warn: (message: string) => void,
): NetworkModel => {
  const passed = renderer === 'netplan' ? passThrough(config) : undefined
  try {
    return parseNetwork(config, { nics: listNics(machine), warn: passed === undefined ? warn : () => {} })
  } catch (error) {
    if (passed === undefined || !(error instanceof ConfigError)) throw error
    warn(`${messageOf(error)}; it is handed to netplan as it is`)
    return passed
  }
}

/** @returns true when the file was not so already. */
const writeFile = (machine: Machine, { path, content, mode, owner }: RenderedFile): boolean => {
  const before = machine.files.readTextIfExists(path)
  const ids = owner === undefined ? undefined : ownerOf(machine, owner)
  machine.files.write(path, content, { mode, ...(ids && { owner: ids }) })
  return before !== content
}

/** passwd(5); undefined when there is no such user. */
const ownerOf = (machine: Machine, name: string): Owner | undefined => {
  const line = machine.files
    .readTextIfExists('/etc/passwd')
    ?.split('\n')
    .find((entry) => entry.startsWith(`${name}:`))
  const [, , userId, groupId] = line?.split(':') ?? []
  return userId === undefined || groupId === undefined
    ? undefined
    : { userId: Number(userId), groupId: Number(groupId) }
}

/** Files in these folders with these names are ours alone: what is not wanted any more must not configure anything. */
const ownNames: readonly (readonly [folder: string, name: RegExp])[] = [
  ['/etc/systemd/network', /^10-cloud-init-.*\.(network|netdev)$/],
  ['/etc/NetworkManager/system-connections', /^cloud-init-.*\.nmconnection$/],
]

const removeStale = (machine: Machine, files: readonly RenderedFile[]): boolean => {
  const wanted = new Set(files.map(({ path }) => path))
  const stale = ownNames
    .filter(([folder]) => files.some(({ path }) => path.startsWith(`${folder}/`)))
    .flatMap(([folder, name]) =>
      machine.files
        .list(folder)
        .filter((file) => name.test(file))
        .map((file) => `${folder}/${file}`),
    )
    .filter((path) => !wanted.has(path))
  for (const path of stale) machine.files.remove(path)
  return stale.length > 0
}

/** netplan writes the configuration of networkd or NetworkManager, which start after this stage. */
const generate = async (machine: Machine): Promise<void> => {
  try {
    await machine.run(['netplan', 'generate'], { timeoutSeconds: 60 })
  } catch (error) {
    machine.log.warning(`netplan refuses the network configuration: ${messageOf(error)}`)
  }
}

import { CommandError, ConfigError, messageOf } from '../machine/errors.ts'
import type { JsonObject } from '../machine/json.ts'
import type { Machine } from '../machine/machine.ts'
import { activateNetwork, withLinksDown } from './activate.ts'
import { awaitNics, checkAgainstMachine } from './against-machine.ts'
import { checkNetwork } from './check.ts'
import { keyPaths } from './key-paths.ts'
import { linkFiles, linksToName } from './link-files.ts'
import type { NetworkModel } from './model.ts'
import { listNics } from './nics.ts'
import { documentOf, parseNetwork, passThrough } from './parse/index.ts'
import { renameLinks } from './renames.ts'
import { renderers } from './render/index.ts'
import type { RenderedFile } from './render/renderer.ts'
import { waitOnline } from './wait-online.ts'
import { type WrittenFiles, writeFiles } from './write-files.ts'

export interface ApplyOptions {
  readonly renderer: string
  readonly distro: string
  /** The machine's own tools have started already, so they must be told. */
  readonly bringsUp: boolean
}

/**
 * Writes network config for the machine's tools to read: all of it, or, where some of it can't be used, nothing. Then
 * interfaces get their names.
 *
 * @returns true when a file changed
 * @throws ConfigError naming the key that can't be used; FileError
 */
export const applyNetwork = async (machine: Machine, config: JsonObject, options: ApplyOptions): Promise<boolean> => {
  const { renderer, distro } = options
  await awaitConfigured(machine, config)
  const { model, files } = renderNetwork(machine, config, { renderer, distro })
  const bringsUp = options.bringsUp && machine.kind !== 'image'
  const write = (): Promise<boolean> => writeNetwork(machine, renderer, files)
  const isChanged = bringsUp ? await withLinksDown(machine, renderer, files, write) : await write()
  if (machine.kind !== 'image') await renameLinks(machine, model)
  if (isChanged && bringsUp) await activateNetwork(machine, renderer, model)
  // A plan has brought nothing up.
  if (isChanged && bringsUp && machine.kind !== 'plan') await waitOnline(machine, renderer, model)
  return isChanged
}

/**
 * Writes rendered files and removes what earlier configurations left; all of it or nothing. netplan then generates what
 * it makes of them.
 *
 * @returns true when a file changed
 * @throws FileError; ConfigError when netplan refuses what was written, which then is taken back
 */
export const writeNetwork = async (
  machine: Machine,
  renderer: string,
  files: readonly RenderedFile[],
): Promise<boolean> => {
  const written = writeFiles(machine, files)
  if (written.isUnchanged) {
    machine.log.debug(`the network configuration for ${renderer} is as it was`)
    return false
  }
  machine.log.info(`wrote the network configuration for ${renderer}: ${files.map(({ path }) => path).join(', ')}`)
  if (renderer === 'netplan') await generate(machine, files, written)
  return true
}

/**
 * Gives interfaces the names that a configuration says, and changes nothing else: for boots at which the network is not
 * configured anew.
 */
export const applyNames = async (machine: Machine, config: JsonObject): Promise<void> => {
  const { model } = readNetwork(machine, config)
  await renameLinks(machine, model)
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
  const model = modelFor(machine, config, renderer, warn)
  const rendered = render(model, { distro, hasIp: machine.which('ip') !== undefined, warn })
  return { model, files: [...rendered, ...linkFiles(linksToName(machine, model), renderer)] }
}

/** netplan may understand what the model does not; then there is nothing to rename, and netplan judges the rest. */
const modelFor = (
  machine: Machine,
  config: JsonObject,
  renderer: string,
  warn: (message: string) => void,
): NetworkModel => {
  const passed = renderer === 'netplan' ? passThrough(config) : undefined
  try {
    const { model, document } = readNetwork(machine, config, passed === undefined ? warn : undefined)
    checkNetwork(document, model, warn)
    checkAgainstMachine(machine, model, keyPaths(document).of, warn)
    return model
  } catch (error) {
    if (passed === undefined || !(error instanceof ConfigError)) throw error
    warn(`${messageOf(error)}; it is handed to netplan as it is`)
    return passed
  }
}

const readNetwork = (machine: Machine, config: JsonObject, warn: (message: string) => void = () => {}) => ({
  document: documentOf(config),
  model: parseNetwork(config, { nics: listNics(machine), warn }),
})

/** What can't be read is told when it is rendered. */
const awaitConfigured = async (machine: Machine, config: JsonObject): Promise<void> => {
  if (machine.kind === 'image') return
  try {
    await awaitNics(machine, readNetwork(machine, config).model)
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
  }
}

/**
 * netplan writes the configuration of networkd or NetworkManager, which start after this stage. Where it refuses what
 * was written, that is taken back: it would leave the machine without any network.
 *
 * @throws ConfigError with what netplan says
 */
const generate = async (machine: Machine, files: readonly RenderedFile[], written: WrittenFiles): Promise<void> => {
  try {
    await machine.run(['netplan', 'generate'], { timeoutSeconds: 60 })
  } catch (error) {
    const said = error instanceof CommandError && error.exitCode !== undefined ? error.stderr.trim() : ''
    if (!files.some(({ path }) => said.includes(path))) {
      machine.log.warning(`netplan generate failed, not because of this configuration: ${messageOf(error)}`)
      return
    }
    written.undo()
    throw new ConfigError('network', `netplan refuses it: ${said.split('\n').slice(0, 3).join(' | ').slice(0, 500)}`)
  }
}

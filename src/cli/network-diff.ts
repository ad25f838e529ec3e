import { messageOf } from '../machine/errors.ts'
import { isJsonObject, type JsonObject } from '../machine/json.ts'
import type { Machine } from '../machine/machine.ts'
import type { NetworkDifference } from '../network/diff.ts'
import { type Arguments, type CommandContext, isSet, textArgument } from './command.ts'
import type { Console } from './console.ts'
import { readInputFile } from './input-file.ts'

/** As diff(1): 0 nothing would change, 1 something would, 2 it can't be told. */
const exitCodes = { same: 0, different: 1, trouble: 2 } as const

/** `network diff`: what configuring the network now would change. */
export const diffNetwork = async (context: CommandContext, args: Arguments): Promise<number> => {
  const { console } = context
  const { currentNetwork } = await import('../boot/current-network.ts')
  const { networkDifference } = await import('../network/diff.ts')
  const { shippedConfig } = await import('./open-machine.ts')
  const { machine, records } = await context.machine({ isQuiet: true })
  const tell = (): void => {
    for (const { level, message } of records)
      if (level === 'WARNING' || level === 'ERROR') console.complain(`${level}: ${message}`)
  }
  try {
    const current = await currentNetwork(machine, records, shippedConfig())
    const given = await givenConfig(context, machine, args)
    if (given === undefined && current.isHidden) {
      console.complain('network diff: only root may read what the datasource said: run it as root, or name a document')
      return exitCodes.trouble
    }
    const config = given ?? current.config
    const source = given === undefined ? current.source : textArgument(args, 'network-data')
    if (config === undefined) {
      console.print(source === undefined ? 'There is no interface to configure.' : `Disabled by ${source}.`)
      return exitCodes.same
    }
    const renderer = textArgument(args, 'output-kind') ?? current.renderer
    const difference = await networkDifference(machine, config, { renderer, distro: current.distro })
    const isSame = difference.files.length + difference.renames.length === 0
    if (isSet(args, 'json')) {
      const files = difference.files.map(({ path, change, mode }) => ({ path, change, ...(mode && { mode }) }))
      const facts = { source, renderer, distro: current.distro, changed: !isSame, files, renames: difference.renames }
      console.print(JSON.stringify(facts, null, 2))
    } else {
      console.print(`Network of ${source}, written for ${renderer} on ${current.distro}:`, 'cyan')
      if (isSame) console.print('Nothing would change.')
      await printDifference(console, difference, isSet(args, 'show-secrets'))
    }
    tell()
    return isSame ? exitCodes.same : exitCodes.different
  } catch (error) {
    tell()
    console.complain(`network diff: ${messageOf(error)}`)
    return exitCodes.trouble
  }
}

const givenConfig = async (
  context: CommandContext,
  machine: Machine,
  args: Arguments,
): Promise<JsonObject | undefined> => {
  const bytes = await readInputFile(context, textArgument(args, 'network-data'))
  if (bytes === undefined) return undefined
  const { readNetworkDocument, networkKinds } = await import('../network/convert.ts')
  const { openstackNics } = await import('../network/openstack-nics.ts')
  const { ConfigError } = await import('../machine/errors.ts')
  const kind = networkKinds.find((known) => known === args['kind']) ?? 'yaml'
  const config = readNetworkDocument(Buffer.from(bytes).toString(), {
    kind,
    macs: openstackNics(machine),
    warn: (message) => machine.log.warning(message),
  })
  if (!isJsonObject(config)) throw new ConfigError('network', 'must be a mapping')
  return config
}

const words = { new: 'new    ', changed: 'changed', removed: 'removed', mode: 'mode   ' } as const

const printDifference = async (
  console: Console,
  { files, renames }: NetworkDifference,
  showSecrets: boolean,
): Promise<void> => {
  const { textDiff } = await import('./file-diff.ts')
  const { maskSecrets } = await import('../network/masked.ts')
  const masked = maskSecrets()
  for (const { path, change, mode, before, after } of files) {
    console.print(`${words[change]} ${path}${mode === undefined ? '' : ` (${mode})`}`)
    if (change === 'mode') continue
    const [old, next] = [before, after].map((text) =>
      text === undefined || showSecrets ? (text ?? '') : masked.text(path, text),
    )
    if (old === undefined || next === undefined)
      console.print(
        '    content not shown: it can’t be read, so its secrets can’t be told (--show-secrets shows it)',
        'dim',
      )
    else if (old === next) console.print('    only comments or spelling', 'dim')
    else for (const line of await textDiff(old, next)) console.print(`    ${line.text}`, line.colour)
  }
  for (const { from, to } of renames) console.print(`rename  ${from} -> ${to}`)
}

import { type JsonObject, textAt } from '../machine/json.ts'

/** Where network config may come from, as datasources call it (`networkConfigSources`). */
export type NetworkSource = 'cmdline' | 'initramfs' | 'system_cfg' | 'ds' | 'fallback'

/** Most important first. */
export const usualOrder: readonly NetworkSource[] = ['cmdline', 'initramfs', 'system_cfg', 'ds']

export interface ChosenNetwork {
  readonly source: NetworkSource
  /** undefined: somebody said that the network is not to be configured. */
  readonly config: JsonObject | undefined
}

/**
 * The first source that says something. One that says `config: disabled` ends the search, too.
 * @param sources each is only asked when those before it said nothing
 */
export const chooseNetwork = (
  sources: Readonly<Record<NetworkSource, () => JsonObject | undefined>>,
  order: readonly string[] = usualOrder,
): ChosenNetwork | undefined => {
  for (const name of [...order, 'fallback']) {
    if (!isSource(name)) continue
    const config = sources[name]()
    if (config === undefined || Object.keys(config).length === 0) continue
    return { source: name, config: isDisabled(config) ? undefined : config }
  }
  return undefined
}

const isSource = (name: string): name is NetworkSource =>
  name === 'fallback' || usualOrder.some((source) => source === name)

const isDisabled = (config: JsonObject): boolean => textAt(config, 'config') === 'disabled'

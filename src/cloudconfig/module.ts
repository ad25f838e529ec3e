import type { FromSchema, JSONSchema } from 'json-schema-to-ts'
import type { Distro } from '../distros/distro.ts'
import type { Instance } from '../instance/instance.ts'
import type { Paths } from '../instance/paths.ts'
import type { JsonObject } from '../machine/json.ts'
import type { Machine } from '../machine/machine.ts'

/** How often a module runs: once per instance id, at every boot, or once in the life of the image. */
export type Frequency = 'instance' | 'always' | 'once'

/**
 * A config module as the engine sees it. The JSON schema is the single source of its config's type, of its validation
 * (compiled at build time) and of its reference page.
 */
export interface ConfigModule {
  /** Name in the module lists of cloud.cfg: `set_hostname`. */
  readonly id: string
  readonly frequency: Frequency
  readonly distros: 'all' | readonly string[]
  /** Top-level keys of cloud-config; without any of them in the config the module is skipped. Omitted: always runs. */
  readonly activateBy?: readonly string[]
  /**
   * Schema of the top-level keys that the module reads (an object schema with `properties`). Deprecations are
   * `deprecated: true, deprecated_version, deprecated_description`. Descriptions are ours, for the reference page.
   */
  readonly schema: JSONSchema
  /** For the reference page: what it does, in a sentence; more in `description`. */
  readonly title: string
  readonly description?: string
  /** Cloud-config documents for the reference page; each must be valid. */
  readonly examples?: readonly string[]
  run(config: JsonObject, context: ModuleContext): Promise<void> | void
}

/** What a module gets besides its config. */
export interface ModuleContext {
  /** Journals and logs in the module's name. Log through `machine.log`. */
  readonly machine: Machine
  readonly distro: Distro
  readonly instance: Instance
  readonly paths: Paths
  /** The whole effective cloud-config, for the few modules that look beyond their own keys. */
  readonly cloudConfig: JsonObject
  /** Arguments in the module list (`[phone_home, always, arg]`) or on the command line of `single`. */
  readonly arguments: readonly string[]
  /**
   * `step` is done once the run is noted down as done. What a module keeps for the case that it is cut off is removed
   * there: before, a boot that is cut off in between would do its work again without it.
   */
  afterMark(step: () => void): void
  /** Sends the SSH host keys to the cloud, where the datasource can. */
  publishHostKeys(keys: readonly string[]): Promise<void>
  /**
   * The block device behind a cloud's own name for a disk (`ephemeral0`, `swap`), as the datasource says: `/dev/vdb`, `sdb`.
   * Missing where there is nobody to ask.
   */
  readonly cloudDevice?: (name: string) => Promise<string | undefined>
}

/** Defaults in a schema are for the reference page: nothing fills them in, so such keys may be missing. */
type ConfigBy<S> = S extends JSONSchema ? FromSchema<S, { keepDefaultedPropertiesOptional: true }> : never

/** A module with its config typed from its schema: `schema` must be declared `as const`. */
type TypedModule<S> = Omit<ConfigModule, 'schema' | 'run'> & {
  readonly schema: S
  readonly run: (config: ConfigBy<S>, context: ModuleContext) => Promise<void> | void
}

/**
 * Ties a schema to its module's run function. The runner hands over only what the schema accepted: a value of the wrong
 * type is converted where that is safe (a number for a text) or left out and reported (src/cloudconfig/accept.ts), so the type holds.
 * A module reports the failure of one item with `machine.log.error`, goes on with the others, and throws at the end
 * (ItemsFailed) so that it counts as failed.
 */
export const defineModule = <const S extends object>(module: TypedModule<S>): ConfigModule =>
  module as unknown as ConfigModule

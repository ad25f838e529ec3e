import type { JsonObject } from '../machine/json.ts'
import type { ConfigPart } from './cloud-config-parts.ts'
import type { UserDataLimits } from './limits.ts'
import type { Part } from './part.ts'

/** A handler for content types of its own, brought by a part of user-data. */
export interface PartHandler {
  begin(): Promise<void>
  handle(part: Part): Promise<void>
  end(): Promise<void>
}

/** Stands for the content types of a handler that could not be asked for them. */
export const anyType = '*'

/** Whose parts are delivered, and where to. */
export interface Delivery {
  /** For the log: `user-data`, `vendor-data`. */
  readonly source: string
  readonly instanceId: string
  readonly instanceFolder: string
  /** The merged cloud-config: `/var/lib/cloud/instance/cloud-config.txt`. */
  readonly configFile: string
  /** For scripts of this instance. */
  readonly scriptFolder: string
  /** Has `per-boot`, `per-instance`, `per-once`. */
  readonly frequencyFolder: string
  /** instance-data-sensitive.json, for templates. */
  readonly variablesFile: string
  /** First boot of the instance: part handlers for `once-per-instance` are called. */
  readonly isFirstBoot: boolean
  readonly limits: UserDataLimits
  /** Content types that nobody may handle (vendor_data: disabled_handlers). */
  readonly excludedTypes?: readonly string[]
  /** Calls of part handlers that are still to be made. */
  readonly events: { readonly event: JsonObject; readonly source: string; readonly language: string }[]
  /** Handlers that an earlier delivery brought, by content type. */
  readonly handlers: Map<string, PartHandler>
  /** Is told the parts that the merged cloud-config is made of, in their order. */
  onConfigParts?(parts: readonly ConfigPart[]): void
}

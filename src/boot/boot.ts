import type { BaseConfig } from '../cloudconfig/load.ts'
import type { Distro } from '../distros/distro.ts'
import type { CachedInstance } from '../instance/instance-cache.ts'
import type { Paths } from '../instance/paths.ts'
import type { JsonObject } from '../machine/json.ts'
import type { LogRecord } from '../machine/log.ts'
import type { Machine } from '../machine/machine.ts'
import type { Platform } from '../platform/platform.ts'
import type { Progress } from './progress.ts'

/** What all stages of a boot share. Made by openBoot (src/boot/open-boot.ts). */
export interface Boot {
  readonly machine: Machine
  readonly paths: Paths
  /** Base configuration: built-in, cloud.cfg, cloud.cfg.d, /run, kernel command line. No user-data, no vendor-data. */
  readonly config: JsonObject
  /** The same with the layers it was made of. */
  readonly base: BaseConfig
  /** Configuration files of the command line, over all other. */
  readonly extraFiles: readonly string[]
  readonly distro: Distro
  /** Gathered at first need. */
  platform(): Promise<Platform>
  /** The network renderer this machine will use. */
  renderer(): string
  /** What the log has said so far. */
  readonly records: readonly LogRecord[]
  /** What was found wrong with the configuration of the image. */
  readonly findings: readonly Finding[]
  readonly progress: Progress
  /** What one stage leaves to the next in the same process. The files of the instance say the same. */
  readonly memory: BootMemory
}

export interface BootMemory {
  /** Who this machine is, also where it could not be written down (a full disk, a read-only root). */
  instance?: CachedInstance
}

/** Something that the log is to say when a stage has begun, so that it is part of what `status` tells. */
export interface Finding {
  readonly level: 'deprecated' | 'warning' | 'error'
  readonly message: string
}

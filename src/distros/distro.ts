import type { JsonObject } from '../machine/json.ts'
import type { Machine } from '../machine/machine.ts'

/**
 * What differs between distributions, as a plain object: one file a distribution (src/distros/debian.ts), made of parts
 * that several share (packages-apt.ts, services-systemd.ts, accounts.ts).
 */
export interface Distro {
  /** `debian`, `ubuntu`, `rhel`, `alpine` ...: system_info.distro */
  readonly id: string
  readonly family: DistroFamily
  readonly packages: PackageManager
  readonly services: ServiceManager
  readonly accounts: Accounts
  /** Where the host name, the time zone and the locale are kept, and how they are put in force. */
  readonly identity: Identity
  /** system_info of the configuration: default_user, ssh_svcname, package_mirrors ... */
  readonly systemInfo: JsonObject
}

export type DistroFamily = 'debian' | 'redhat' | 'suse' | 'alpine' | 'arch' | 'gentoo' | 'bsd' | 'other'

export interface PackageManager {
  /** `apt`, `dnf` ... */
  readonly name: string
  /** Refreshes the package lists, at most once a boot unless `force`. */
  refresh(machine: Machine, options?: { readonly force?: boolean }): Promise<void>
  upgrade(machine: Machine): Promise<void>
  /** Installs packages: a name, or a name and a version. @throws CommandError, ConfigError for an unusable name. */
  install(machine: Machine, packages: readonly PackageSpec[]): Promise<void>
}

export type PackageSpec = string | readonly [name: string, version: string]

export type ServiceAction = 'start' | 'stop' | 'restart' | 'reload' | 'try-reload' | 'enable' | 'disable' | 'status'

export interface ServiceManager {
  /** True when services can be managed now (systemd runs here, or an init script system is there). */
  isActive(machine: Machine): boolean
  manage(machine: Machine, action: ServiceAction, service: string): Promise<void>
}

export interface Account {
  readonly name: string
  readonly userId: number
  readonly groupId: number
  readonly home: string
  readonly shell: string
}

/** Users and groups: /etc/passwd, /etc/group and the commands that change them. */
export interface Accounts {
  find(machine: Machine, name: string): Account | undefined
  /** Number of a group by name; undefined when there is none. */
  findGroup(machine: Machine, name: string): number | undefined
}

export interface Identity {
  readHostname(machine: Machine): string | undefined
  /** Writes the host name where the distribution keeps it. */
  writeHostname(machine: Machine, hostname: string): void
  /** Puts it in force now (hostname or hostnamectl). */
  applyHostname(machine: Machine, hostname: string): Promise<void>
  /** @throws ConfigError when there is no such zone. */
  setTimezone(machine: Machine, zone: string): Promise<void>
  applyLocale(machine: Machine, locale: string, configFile?: string): Promise<void>
}

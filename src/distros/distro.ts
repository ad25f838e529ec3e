import type { JsonObject } from '../machine/json.ts'
import type { Machine } from '../machine/machine.ts'

/**
 * What differs between distributions, as a plain object: one file a distribution (src/distros/debian.ts), made of parts
 * that several share (packages-apt.ts, services-systemd.ts, accounts-shadow.ts).
 */
export interface Distro extends Omit<DistroParts, 'packages'> {
  readonly packages: PackageManager
  /** `debian`, `ubuntu`, `rhel`, `alpine` ...: system_info.distro */
  readonly id: string
  /** system_info of the configuration: default_user, ssh_svcname, package_mirrors ... */
  readonly systemInfo: JsonObject
}

/** What a distribution's own file says; loadDistro (src/distros/index.ts) adds the configuration's system_info. */
export interface DistroParts {
  readonly family: DistroFamily
  /** The package manager, as system_info configures it (apt_get_command, apt_get_wrapper ...). */
  readonly packages: (systemInfo: JsonObject) => PackageManager
  readonly services: ServiceManager
  /** Name of the SSH server's service, where it is not system_info.ssh_svcname that decides. */
  readonly sshService?: string
  readonly accounts: Accounts
  /** Where the host name, the time zone and the locale are kept, and how they are put in force. */
  readonly identity: Identity
}

export type DistroFamily = 'debian' | 'redhat' | 'suse' | 'alpine' | 'arch' | 'gentoo' | 'bsd' | 'other'

export interface PackageManager {
  /** `apt`, `dnf` ... */
  readonly name: string
  /** True when its command is installed. */
  isAvailable(machine: Machine): boolean
  /** Refreshes the package lists, at most once a boot unless `force`. @throws CommandError */
  refresh(machine: Machine, options?: { readonly force?: boolean }): Promise<void>
  /** @throws CommandError */
  upgrade(machine: Machine): Promise<void>
  /**
   * Installs packages: a name, or a name and a version; refreshes the lists before, once a boot. One that can't be
   * installed does not stop the others.
   * @throws PackagesFailed for those that were not installed
   */
  install(machine: Machine, packages: readonly PackageSpec[]): Promise<void>
}

export type PackageSpec = string | readonly [name: string, version: string]

export type ServiceAction = 'start' | 'stop' | 'restart' | 'reload' | 'try-reload' | 'enable' | 'disable' | 'status'

export interface ServiceManager {
  /** True when services can be managed now (systemd runs here, or an init script system is there). */
  isActive(machine: Machine): boolean
  /** @throws CommandError when the service manager refuses; for `status`, with the manager's exit code. */
  manage(machine: Machine, action: ServiceAction, service: string, options?: ManageOptions): Promise<void>
  /** Asks only: is it there, and does it run? */
  state(machine: Machine, service: string): Promise<ServiceState>
}

export interface ManageOptions {
  /**
   * Acts on this service alone and waits for no other: for a service that is ordered after firstlight itself, where the
   * usual way would wait for ever.
   */
  readonly ignoreDependencies?: boolean
}

/** `unknown`: the service manager does not answer. */
export type ServiceState = 'running' | 'stopped' | 'missing' | 'unknown'

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
  /** Names of the members that /etc/group lists; empty when there is no such group. */
  groupMembers(machine: Machine, group: string): readonly string[]
  /** Makes an account that is not there yet. @throws CommandError; ConfigError for an unusable name. */
  createUser(machine: Machine, user: NewUser): Promise<void>
  /** Removes an account, but nothing in its home folder. */
  removeUser(machine: Machine, name: string): Promise<void>
  /** @throws CommandError; ConfigError for an unusable name. */
  createGroup(machine: Machine, name: string): Promise<void>
  addToGroup(machine: Machine, user: string, group: string): Promise<void>
  /** Sets several passwords in one go, through standard input: no secret is ever in an argument list. */
  setPasswords(machine: Machine, passwords: readonly NewPassword[]): Promise<void>
  /** What the password field holds: nothing at all, a lock without a password, or a password (locked or not). */
  passwordState(machine: Machine, name: string): PasswordState
  lockPassword(machine: Machine, name: string): Promise<void>
  unlockPassword(machine: Machine, name: string): Promise<void>
  /** The password must be changed at the next login. */
  expirePassword(machine: Machine, name: string): Promise<void>
}

export type PasswordState = 'empty' | 'none' | 'set' | 'set, locked'

export interface NewPassword {
  readonly name: string
  readonly password: string
  /** True when `password` is a crypt(3) hash. */
  readonly isHash: boolean
}

export interface NewUser {
  readonly name: string
  readonly fullName?: string | undefined
  readonly home?: string | undefined
  readonly shell?: string | undefined
  readonly userId?: number | undefined
  readonly primaryGroup?: string | undefined
  /** Supplementary groups; they exist already. */
  readonly groups?: readonly string[]
  /** `2032-09-01` */
  readonly expireDate?: string | undefined
  /** Days after the password expired until the account is disabled. */
  readonly inactiveDays?: string | undefined
  readonly selinuxUser?: string | undefined
  readonly isSystem?: boolean
  readonly createHome: boolean
  /** Makes a group of the same name (unless `primaryGroup` is given). */
  readonly createUserGroup: boolean
  /** False keeps lastlog and faillog as they are. */
  readonly initLog: boolean
}

export interface Identity {
  /** `/etc/hostname`, where the host name is kept. */
  readonly hostnameFile: string
  /** True where the distribution keeps the FQDN as host name, unless the configuration says otherwise. */
  readonly prefersFqdn: boolean
  /** The address of the machine's own name in /etc/hosts. */
  readonly ownAddress: string
  /** The host name kept in `hostnameFile`, or in another file of the same form. */
  readHostname(machine: Machine, file?: string): string | undefined
  /** Writes the host name where the distribution keeps it; comments in the file stay. */
  writeHostname(machine: Machine, hostname: string, file?: string): void
  /** Puts it in force now (hostname or hostnamectl). */
  applyHostname(machine: Machine, hostname: string): Promise<void>
  /** @throws ConfigError when there is no such zone. */
  setTimezone(machine: Machine, zone: string): Promise<void>
  /** The locale in force after the next login. */
  readLocale(machine: Machine): string
  /** @throws CommandError, PackagesFailed when it can't be generated; ConfigError for an unusable name. */
  applyLocale(machine: Machine, locale: LocaleRequest): Promise<void>
}

export interface LocaleRequest {
  /** `en_GB.UTF-8`, `fr_CA` */
  readonly name: string
  /** Where LANG is kept, when not in the usual place. */
  readonly configFile?: string | undefined
  /** To install the tools that generate locales where they are missing. */
  readonly packages: PackageManager
}

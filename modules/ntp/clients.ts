import type { ModuleContext } from '../../src/cloudconfig/module.ts'
import { ConfigError } from '../../src/machine/errors.ts'
import type { Machine } from '../../src/machine/machine.ts'
import { chronyConf, ntpConf, openntpdConf, type TimeSources, timesyncdConf } from './texts.ts'

export interface Client {
  /** A command, or the path of one. */
  readonly command: string
  readonly file: string
  readonly packages: readonly string[]
  readonly service: string
  /** The image's template for it, without `.tmpl`. */
  readonly templateName?: string
  /** A template that the user gave. */
  readonly template?: string
  readonly render?: (sources: TimeSources) => string
}

type Kin = 'debian' | 'redhat' | 'suse' | 'alpine'

const kinOf = (distro: string): Kin => {
  if (['debian', 'ubuntu', 'raspberry-pi-os'].includes(distro)) return 'debian'
  if (distro === 'alpine') return 'alpine'
  return /^(opensuse|sle)/.test(distro) ? 'suse' : 'redhat'
}

/** Where only Debian's and Alpine's packages differ from what the programs themselves take for usual. */
const knownClients = (distro: string): Readonly<Record<string, Client>> => {
  const kin = kinOf(distro)
  const keepsFolder = kin === 'debian' || kin === 'alpine'
  const daemonName = kin === 'debian' ? 'ntp' : 'ntpd'
  const timesyncdFolder = ['azurelinux', 'mariner', 'photon'].includes(distro)
  return {
    chrony: {
      command: 'chronyd',
      file: keepsFolder ? '/etc/chrony/chrony.conf' : '/etc/chrony.conf',
      packages: ['chrony'],
      service: kin === 'debian' ? 'chrony' : 'chronyd',
      templateName: `chrony.conf.${distro}`,
      render: chronyConf(keepsFolder),
    },
    'systemd-timesyncd': {
      command: kin === 'debian' ? '/lib/systemd/systemd-timesyncd' : '/usr/lib/systemd/systemd-timesyncd',
      file: timesyncdFolder ? '/etc/systemd/timesyncd.conf' : '/etc/systemd/timesyncd.conf.d/cloud-init.conf',
      packages: [],
      service: 'systemd-timesyncd',
      templateName: 'timesyncd.conf',
      render: timesyncdConf,
    },
    ntp: {
      command: 'ntpd',
      file: '/etc/ntp.conf',
      packages: kin === 'alpine' ? [] : ['ntpsec'],
      service: daemonName,
      templateName: `ntp.conf.${distro}`,
      render: ntpConf(kin === 'alpine'),
    },
    ntpdate: {
      command: 'ntpdate',
      file: '/etc/ntp.conf',
      packages: ['ntpdate'],
      service: 'ntpdate',
      templateName: `ntp.conf.${distro}`,
      render: ntpConf(false),
    },
    openntpd: {
      command: 'ntpd',
      file: '/etc/ntpd.conf',
      packages: [],
      service: 'ntpd',
      templateName: `ntpd.conf.${distro}`,
      render: openntpdConf,
    },
  }
}

/** In the order of preference. */
const preferred = (distro: string): readonly string[] =>
  distro === 'alpine' ? ['chrony', 'ntp'] : ['chrony', 'systemd-timesyncd', 'ntp', 'ntpdate']

export const isInstalled = (machine: Machine, command: string): boolean =>
  command.startsWith('/') ? machine.files.exists(command) : machine.which(command) !== undefined

/** What `ntp.config` says. */
export interface OwnConfig {
  readonly confpath?: string
  readonly check_exe?: string
  readonly packages?: readonly string[]
  readonly service_name?: string
  readonly template?: string
}

/**
 * The client to use: by name, by system_info.ntp_client, or one that is installed; with what the user's config changes.
 * @throws ConfigError for a client that is neither known nor fully described
 */
export const chooseClient = (
  { machine, distro }: ModuleContext,
  wanted: string | undefined,
  own: OwnConfig | undefined,
): Client => {
  const known = knownClients(distro.id)
  const { ntp_client: ofImage } = distro.systemInfo
  const name = [wanted, ofImage].find((given) => typeof given === 'string' && given !== '' && given !== 'auto')
  const order = preferred(distro.id)
  const found = order.find((candidate) => isInstalled(machine, known[candidate]?.command ?? ''))
  const chosen = typeof name === 'string' ? name : (found ?? order[0] ?? 'chrony')
  return withOwn(Object.hasOwn(known, chosen) ? known[chosen] : undefined, own ?? {}, chosen)
}

const withOwn = (base: Client | undefined, own: OwnConfig, name: string): Client => {
  const command = own.check_exe ?? base?.command
  const file = own.confpath ?? base?.file
  const packages = own.packages ?? base?.packages
  const service = own.service_name ?? base?.service
  const missing = Object.entries({ confpath: file, check_exe: command, packages, service_name: service })
    .filter(([, value]) => value === undefined || value === '')
    .map(([key]) => key)
  if (base === undefined && !own.template) missing.push('template')
  if (!command || !file || !packages || !service || missing.length > 0) {
    throw new ConfigError('ntp.config', `${name} is not a client that is known, and ${missing.join(', ')} is missing`)
  }
  const { templateName, render } = base ?? {}
  return {
    command,
    file,
    packages,
    service,
    ...(templateName !== undefined && { templateName }),
    ...(render && { render }),
    ...(own.template && { template: own.template }),
  }
}

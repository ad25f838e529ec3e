import { hasDefaultRoute, type Link, type NetworkModel } from '../model.ts'
import { writeKeyValues } from './key-values.ts'
import { header, type RenderedFile, type Renderer } from './renderer.ts'
import { resolvConf } from './resolv-conf.ts'
import { rhelLink } from './sysconfig-rhel.ts'
import { rhelRouteFiles } from './sysconfig-routes.ts'
import { suseLink } from './sysconfig-suse.ts'
import { udevRules } from './udev-rules.ts'

/** What a renderer of one link needs to know of the others. */
export interface Surroundings {
  /** The bridge that each link is a port of, by the link's name. */
  readonly bridges: ReadonlyMap<string, string>
  /** Names of the members of each bond, by the bond's name. */
  readonly members: ReadonlyMap<string, readonly string[]>
  /** Some link has a default route of its own; then DHCP on the others must not bring another. */
  readonly hasDefaultRoute: boolean
}

const suseDistros = new Set([
  'opensuse',
  'opensuse-leap',
  'opensuse-microos',
  'opensuse-tumbleweed',
  'sle_hpc',
  'sle-micro',
  'sles',
  'suse',
])

/** ifcfg files: of network-scripts and NetworkManager (RHEL and its family), or of wicked (SUSE and its family). */
export const renderSysconfig: Renderer = (model, { distro }) =>
  suseDistros.has(distro) ? renderSuse(model) : renderRhel(model)

const renderRhel = (model: NetworkModel): RenderedFile[] => {
  const around = surroundingsOf(model)
  const folder = '/etc/sysconfig/network-scripts'
  return [
    ...model.links
      .filter(isWritten)
      .flatMap((link) => [
        { path: `${folder}/ifcfg-${link.name}`, content: header + writeKeyValues(rhelLink(link, around)), mode: 0o644 },
        ...rhelRouteFiles(link, folder),
      ]),
    { path: '/etc/sysconfig/network', content: header + rhelNetwork(model), mode: 0o644 },
    ...resolvConf(model),
    { path: '/etc/udev/rules.d/70-persistent-net.rules', content: udevRules(model), mode: 0o644 },
  ]
}

const renderSuse = (model: NetworkModel): RenderedFile[] => {
  const around = surroundingsOf(model)
  return [
    ...model.links.filter(isWritten).map((link) => ({
      path: `/etc/sysconfig/network/ifcfg-${link.name}`,
      content: header + writeKeyValues(suseLink(link, around)),
      mode: 0o644,
    })),
    ...resolvConf(model),
    { path: '/etc/udev/rules.d/85-persistent-net-cloud-init.rules', content: udevRules(model), mode: 0o644 },
  ]
}

/** The loopback interface has a file of the distribution's own. */
const isWritten = (link: Link): boolean => link.type !== 'loopback'

const surroundingsOf = ({ links }: NetworkModel): Surroundings => ({
  bridges: new Map(links.flatMap(({ name, bridge }) => (bridge?.ports ?? []).map((port) => [port, name] as const))),
  members: new Map(
    links.flatMap(({ name, bond }) => (bond === undefined ? [] : [[name, [...bond.members].sort()] as const])),
  ),
  hasDefaultRoute: links.some(hasDefaultRoute),
})

const rhelNetwork = ({ links }: NetworkModel): string => {
  const usesIpv6 = links.some(({ subnets }) =>
    subnets.some(({ type, family, address }) => type === 'dhcp6' || (family === 6 && address !== undefined)),
  )
  return writeKeyValues(
    new Map([
      ['NETWORKING', 'yes'],
      ...(usesIpv6
        ? ([
            ['NETWORKING_IPV6', 'yes'],
            ['IPV6_AUTOCONF', 'no'],
          ] as const)
        : []),
    ]),
  )
}

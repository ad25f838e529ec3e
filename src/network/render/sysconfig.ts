import type { Link, NetworkModel } from '../model.ts'
import { writeKeyValues } from './key-values.ts'
import { header, type RenderedFile, type Renderer, warnOfMachineRoutes } from './renderer.ts'
import { resolvConf } from './resolv-conf.ts'
import { rhelLink } from './sysconfig-rhel.ts'
import { rhelRouteFiles } from './sysconfig-routes.ts'
import { surroundingsOf } from './sysconfig-surroundings.ts'
import { suseLink } from './sysconfig-suse.ts'
import { udevRules } from './udev-rules.ts'

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
export const renderSysconfig: Renderer = (model, options) => {
  warnOfMachineRoutes(model, options)
  return suseDistros.has(options.distro) ? renderSuse(model) : renderRhel(model)
}

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

const rhelNetwork = ({ links }: NetworkModel): string => {
  const usesIpv6 = links.some(({ subnets }) =>
    subnets.some(({ type, address }) => type === 'dhcp6' || address?.family === 6),
  )
  return `NETWORKING=yes\n${usesIpv6 ? 'NETWORKING_IPV6=yes\nIPV6_AUTOCONF=no\n' : ''}`
}

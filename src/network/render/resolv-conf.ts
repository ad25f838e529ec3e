import { ConfigError } from '../../machine/errors.ts'
import type { NetworkModel } from '../model.ts'
import type { RenderedFile } from './renderer.ts'

/** resolv.conf(5): older resolvers read no more than six search domains of 256 characters in all. */
const mostDomains = 6
const longestSearch = 256

/**
 * resolv.conf with the name servers of all interfaces, and the word to NetworkManager to leave it alone. No files when no
 * name server is known.
 */
export const resolvConf = ({ links, dns }: NetworkModel): RenderedFile[] => {
  const all = [
    ...links.flatMap((link) => [...link.subnets.map((subnet) => subnet.dns), ...(link.dns ? [link.dns] : [])]),
    dns,
  ]
  const servers = [...new Set(all.flatMap((one) => one.servers))]
  const search = [...new Set(all.flatMap((one) => one.search))]
  if (servers.length + search.length === 0) return []
  if (search.length > mostDomains || search.join(' ').length > longestSearch)
    throw new ConfigError(
      'search',
      `resolv.conf takes ${mostDomains} domains of ${longestSearch} characters in all, not ${search.length}`,
    )
  const lines = [
    '; Written by firstlight from the network configuration of this instance.',
    ...servers.map((server) => `nameserver ${server}`),
    ...(search.length > 0 ? [`search ${search.join(' ')}`] : []),
  ]
  return [
    { path: '/etc/resolv.conf', content: `${lines.join('\n')}\n`, mode: 0o644 },
    {
      path: '/etc/NetworkManager/conf.d/99-cloud-init.conf',
      content: '# Written by firstlight: name servers are in /etc/resolv.conf.\n[main]\ndns = none\n',
      mode: 0o644,
    },
  ]
}

import { isJsonObject, type Json, type JsonObject, objectAt, parseJson, textAt } from '../machine/json.ts'
import type { Machine } from '../machine/machine.ts'
import type { Family } from './model.ts'
import type { AddressSource, AddressState, RouteState, RuleState, Surroundings } from './show-state.ts'

const ipSeconds = 15
/** What the kernel says for a lifetime without end. */
const forever = 0xffffffff

/**
 * Addresses, routes and rules as iproute2's `ip -json` tells them.
 * @throws CommandError; SyntaxError when it answers something else than JSON
 */
export const readByIp = async (machine: Machine): Promise<Surroundings> => {
  const ask = async (...words: string[]): Promise<JsonObject[]> => {
    const { stdout } = await machine.ask(['ip', '-json', ...words], { timeoutSeconds: ipSeconds })
    // An empty table is an empty answer.
    const value: Json = stdout.trim() === '' ? [] : parseJson(stdout)
    return Array.isArray(value) ? value.filter(isJsonObject) : []
  }
  const [links, routes, routes6, rules, rules6] = await Promise.all([
    ask('-details', 'address', 'show'),
    ask('-4', 'route', 'show', 'table', 'all'),
    ask('-6', 'route', 'show', 'table', 'all'),
    ask('-4', 'rule', 'show'),
    ask('-6', 'rule', 'show'),
  ])
  return {
    addresses: new Map(links.map((link) => [textAt(link, 'ifname') ?? '', addressesOf(link)])),
    vlanIds: new Map(links.flatMap(vlanIdOf)),
    routes: [...routes.flatMap((route) => routeOf(route, 4)), ...routes6.flatMap((route) => routeOf(route, 6))],
    rules: [...rules.map((rule) => ruleOf(rule, 4)), ...rules6.map((rule) => ruleOf(rule, 6))],
  }
}

const vlanIdOf = (link: JsonObject): [string, number][] => {
  const info = objectAt(link, 'linkinfo')
  const id = objectAt(info, 'info_data')['id']
  return textAt(info, 'info_kind') === 'vlan' && typeof id === 'number' ? [[textAt(link, 'ifname') ?? '', id]] : []
}

const addressesOf = (link: JsonObject): AddressState[] => {
  const infos = link['addr_info']
  return (Array.isArray(infos) ? infos.filter(isJsonObject) : []).flatMap((info): AddressState[] => {
    const ip = textAt(info, 'local')
    const family = familyOf(info)
    if (ip === undefined || family === undefined) return []
    const left = info['valid_life_time']
    return [
      {
        address: `${ip}/${String(info['prefixlen'] ?? '')}`,
        family,
        scope: textAt(info, 'scope') ?? 'global',
        source: sourceOf(info, family),
        ...(typeof left === 'number' && left !== forever && { secondsLeft: left }),
      },
    ]
  })
}

const familyOf = (info: JsonObject): Family | undefined => {
  const family = textAt(info, 'family')
  if (family === 'inet') return 4
  return family === 'inet6' ? 6 : undefined
}

/**
 * Addresses of DHCP and of routers end some time. A router gives prefixes, so the kernel makes temporary addresses or
 * says that it follows them; DHCPv6 gives single addresses (RFC 8415; RFC 4862).
 */
const sourceOf = (info: JsonObject, family: Family): AddressSource => {
  const isMadeByKernel = textAt(info, 'protocol')?.startsWith('kernel_') === true
  if (textAt(info, 'protocol') === 'kernel_ra') return 'router'
  if (isMadeByKernel || textAt(info, 'scope') === 'host') return 'kernel'
  if (family === 6 && textAt(info, 'scope') === 'link') return 'kernel'
  if (info['dynamic'] !== true) return 'static'
  return family === 4 || info['prefixlen'] === 128 ? 'dhcp' : 'router'
}

/** What the kernel keeps for its own addresses: who looks for a fault seldom means these. */
const isOwn = (route: JsonObject): boolean =>
  textAt(route, 'table') === 'local' ||
  ['local', 'broadcast', 'multicast', 'anycast'].includes(textAt(route, 'type') ?? '')

const routeOf = (route: JsonObject, family: Family): RouteState[] => {
  const to = textAt(route, 'dst')
  if (to === undefined || isOwn(route)) return []
  const hops = route['nexthops']
  const nexthops = Array.isArray(hops) ? hops.filter(isJsonObject) : [route]
  const type = textAt(route, 'type')
  return nexthops.map((hop) => {
    // An IPv4 route may go by an IPv6 gateway: that is under `via`.
    const via = textAt(hop, 'gateway') ?? textAt(objectAt(hop, 'via'), 'host')
    const link = textAt(hop, 'dev')
    const metric = route['metric']
    const source = textAt(route, 'protocol')
    return {
      family,
      to: to === 'default' || to.includes('/') ? to : `${to}/${family === 4 ? 32 : 128}`,
      table: String(route['table'] ?? 'main'),
      ...(via !== undefined && { via }),
      ...(link !== undefined && { link }),
      ...(typeof metric === 'number' && { metric }),
      ...(source !== undefined && { source }),
      ...(type !== undefined && type !== 'unicast' && { type }),
    }
  })
}

const ruleOf = (rule: JsonObject, family: Family): RuleState => {
  const network = (key: string): string => {
    const address = textAt(rule, key)
    const length = rule[`${key}len`]
    return address === undefined ? 'all' : `${address}${length === undefined ? '' : `/${String(length)}`}`
  }
  const words = [
    `from ${network('src')}`,
    ...(rule['dst'] === undefined ? [] : [`to ${network('dst')}`]),
    ...['iif', 'oif', 'fwmark', 'tos', 'uidrange', 'ipproto', 'sport', 'dport'].flatMap((key) =>
      rule[key] === undefined ? [] : [`${key} ${String(rule[key])}`],
    ),
  ]
  const table = rule['table']
  return {
    family,
    priority: Number(rule['priority'] ?? 0),
    selector: `${rule['not'] === undefined ? '' : 'not '}${words.join(' ')}`,
    action: table === undefined ? (textAt(rule, 'action') ?? '') : `table ${String(table)}`,
  }
}

import { ipv4Mask } from '../address.ts'
import { isDefaultRoute, isDynamic, type Link, type Route, routeTarget, type Subnet } from '../model.ts'
import { header, type RenderedFile } from './renderer.ts'

/** Where routers or DHCPv6 say the way out, a default route is one like others. */
const isLedByRouters = (subnet: Subnet): boolean => subnet.family === 6 && isDynamic(subnet)

/** Routes that stand in the ifcfg file, as the gateway of the link. */
export const rhelDefaultRoutes = (link: Link): Route[] => [
  ...link.subnets.flatMap((subnet) => (isLedByRouters(subnet) ? [] : subnet.routes.filter(isDefaultRoute))),
  ...(link.routes ?? []).filter(isDefaultRoute),
]

/** route-IF and route6-IF of network-scripts; no files when all routes stand in the ifcfg file. */
export const rhelRouteFiles = (link: Link, folder: string): RenderedFile[] => {
  const routes = [
    ...link.subnets.flatMap((subnet) =>
      subnet.routes.filter((route) => isLedByRouters(subnet) || !isDefaultRoute(route)),
    ),
    ...(link.routes ?? []).filter((route) => !isDefaultRoute(route)),
  ]
  if (routes.length === 0) return []
  const ipv4 = routes
    .filter(({ family }) => family === 4)
    .flatMap(({ network, prefix, gateway, metric }, index) => [
      `ADDRESS${index}=${network}`,
      ...(gateway === undefined ? [] : [`GATEWAY${index}=${gateway}`]),
      `NETMASK${index}=${ipv4Mask(prefix)}`,
      ...(metric === undefined ? [] : [`METRIC${index}=${metric}`]),
    ])
  const ipv6 = routes
    .filter(({ family }) => family === 6)
    .map((route) => {
      const via = route.gateway === undefined ? '' : ` via ${route.gateway}`
      const metric = route.metric === undefined ? '' : `metric ${route.metric}`
      return `${routeTarget(route)}${via} ${metric} dev ${link.name}`
    })
  const file = (kind: string, lines: readonly string[]): RenderedFile => ({
    path: `${folder}/${kind}-${link.name}`,
    content: header + lines.map((line) => `${line}\n`).join(''),
    mode: 0o644,
  })
  return [file('route', ipv4), file('route6', ipv6)]
}

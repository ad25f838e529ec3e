import { renderNetplan } from './netplan.ts'
import { renderNetworkd } from './networkd.ts'
import type { Renderer } from './renderer.ts'

/** Every renderer, by its name in system_info.network.renderers. */
export const renderers: Readonly<Record<string, Renderer>> = {
  netplan: renderNetplan,
  networkd: renderNetworkd,
}

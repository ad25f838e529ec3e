import { renderEni } from './eni.ts'
import { renderNetplan } from './netplan.ts'
import { renderNetworkManager } from './network-manager.ts'
import { renderNetworkd } from './networkd.ts'
import type { Renderer } from './renderer.ts'
import { renderSysconfig } from './sysconfig.ts'

/** Every renderer, by its name in system_info.network.renderers. */
export const renderers: Readonly<Record<string, Renderer>> = {
  eni: renderEni,
  netplan: renderNetplan,
  'network-manager': renderNetworkManager,
  networkd: renderNetworkd,
  sysconfig: renderSysconfig,
}

import { type NetworkModel, routeTarget } from '../model.ts'

/** A file that a renderer wants on the machine. */
export interface RenderedFile {
  /** Absolute. */
  readonly path: string
  readonly content: string
  /** Permission bits. */
  readonly mode: number
  /** User whose file it is to be, where there is such a user; root otherwise. */
  readonly owner?: string
}

export interface RenderOptions {
  /** Distribution id: `debian`, `ubuntu`, `rhel`, `opensuse`, `alpine`, ... */
  readonly distro: string
  /** iproute2's `ip` is installed, so that interfaces(5) need not fall back on `route`. */
  readonly hasIp: boolean
  /** Gets a line for what the renderer can't express. */
  readonly warn: (message: string) => void
}

/** Turns the model into files. @throws ConfigError when the model asks for what can't be. */
export type Renderer = (model: NetworkModel, options: RenderOptions) => RenderedFile[]

/** Routes of the whole machine, for renderers that have no place for them. */
export const warnOfMachineRoutes = ({ routes }: NetworkModel, { warn }: RenderOptions): void => {
  for (const route of routes)
    warn(`the route to ${routeTarget(route)} belongs to no interface and is not written: put it below a subnet`)
}

export const header = `# Written by firstlight from the network configuration of this instance. Changes will be lost at the next
# configuration. To switch it off, write network: {config: disabled} to
# /etc/cloud/cloud.cfg.d/99-disable-network-config.cfg
`

import { type HostMachineOptions, hostMachine } from './host-machine.ts'
import { hostPaths } from './host-paths.ts'
import { lazyDisks, lazyHttp, lazyLinks } from './lazy-parts.ts'
import type { Machine } from './machine.ts'

/**
 * This machine, root `/`. Opening it costs nothing: the HTTP client, and what deals with disks and links, are loaded at
 * first need.
 */
export const liveMachine = (options: HostMachineOptions = {}): Machine =>
  hostMachine(
    {
      kind: 'live',
      paths: hostPaths('/'),
      http: lazyHttp(),
      disks: lazyDisks,
      links: lazyLinks(),
      start: (program, argv, { cwd = '/', env }) => ({
        file: program,
        words: argv,
        cwd,
        environment: { ...process.env, ...env },
      }),
    },
    options,
  )

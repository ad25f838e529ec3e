import { existsSync, realpathSync } from 'node:fs'
import { LinkError } from './errors.ts'
import { attempt } from './file-error.ts'
import { type HostMachineOptions, hostMachine } from './host-machine.ts'
import { hostPaths } from './host-paths.ts'
import { lazyHttp } from './lazy-parts.ts'
import type { Links } from './links.ts'
import { noDisks } from './live-disks.ts'
import type { Machine } from './machine.ts'

const noLinks: Links = {
  up: async (name) => {
    throw new LinkError(name, 'an image in a folder has no network links', true)
  },
  dhcp: async (name) => {
    throw new LinkError(name, 'an image in a folder has no network links', true)
  },
  linkLocal: async (name) => {
    throw new LinkError(name, 'an image in a folder has no network links', true)
  },
  release: async () => undefined,
  addresses: async () => [],
}

/** chroot(8) of the host, which is not in the PATH of every user. */
const chrootCommand = (): string =>
  ['/usr/sbin/chroot', '/usr/bin/chroot', '/sbin/chroot'].find((path) => existsSync(path)) ?? 'chroot'

/** Words that change the folder and run the rest, for a shell: chroot(8) itself always starts in `/`. */
const inFolder = 'cd -- "$0" && exec "$@"'

/**
 * An image: a machine whose root file system is mounted (or unpacked) at `root`, and not running. Every path means the
 * file inside it, links included; commands run in it by chroot (which needs root).
 *
 * @throws FileError when there is no such folder.
 */
export const imageMachine = (root: string, options: HostMachineOptions = {}): Machine => {
  const folder = attempt('open the image', root, () => realpathSync(root))
  return hostMachine(
    {
      kind: 'image',
      paths: hostPaths(folder),
      http: lazyHttp(),
      disks: () => noDisks,
      links: () => noLinks,
      start: (program, argv, { cwd = '/', env }) => {
        const words = [program, ...argv.slice(1)]
        const inside = cwd === '/' ? words : ['/bin/sh', '-c', inFolder, cwd, ...words]
        return {
          file: chrootCommand(),
          words: ['chroot', folder, ...inside],
          cwd: '/',
          environment: { ...process.env, ...env },
        }
      },
    },
    options,
  )
}

import type { Machine } from '../machine/machine.ts'

/** Clouds say `sda1` where the kernel of the machine says something else. */
const otherPrefixes: Readonly<Record<string, readonly string[]>> = { sd: ['vd', 'xvd', 'vtb'] }

/** The device file of this machine for a name as a cloud says it (`sdb`, `/dev/sda1`); undefined when there is none. */
export const existingDevice = (machine: Machine, said: string): string | undefined => {
  const path = said.startsWith('/') ? said : `/dev/${said}`
  if (path.split('/').includes('..')) return undefined
  if (machine.files.exists(path)) return path
  const name = path.slice(path.lastIndexOf('/') + 1)
  for (const [prefix, others] of Object.entries(otherPrefixes)) {
    if (!name.startsWith(prefix)) continue
    const found = others.map((other) => `/dev/${other}${name.slice(prefix.length)}`).find(machine.files.exists)
    if (found !== undefined) return found
  }
  return undefined
}

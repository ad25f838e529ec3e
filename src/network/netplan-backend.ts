import type { Machine } from '../machine/machine.ts'

/** Who carries out what netplan has generated: netplan-generate(8) writes files for the one or the other. */
export const netplanBackend = ({ files }: Machine): 'networkd' | 'network-manager' | undefined => {
  if (files.list('/run/systemd/network').some((name) => /-netplan-.*\.network$/.test(name))) return 'networkd'
  return files.list('/run/NetworkManager/system-connections').some((name) => name.startsWith('netplan-'))
    ? 'network-manager'
    : undefined
}

const folder = '/run/systemd/network'

/**
 * Lets `write` change netplan's files and generate what they mean. netplan writes all files of networkd anew, and networkd
 * takes a file that was written for a change and configures its link again: so what came out as it was gets its old file
 * back, and no other link is disturbed.
 */
export const withSameFilesKept = async <T>({ files }: Machine, write: () => Promise<T>): Promise<T> => {
  const names = (): string[] => files.list(folder).filter((name) => /^\d+-netplan-.*\.network$/.test(name))
  const kept = names()
  // netplan removes what has its own name.
  const aside = (name: string): string => `${folder}/.kept-${name}`
  for (const name of kept) files.rename(`${folder}/${name}`, aside(name))
  try {
    return await write()
  } finally {
    const generated = new Set(names())
    for (const name of kept) {
      const isSame = files.readTextIfExists(`${folder}/${name}`) === files.readTextIfExists(aside(name))
      // Where nothing was generated, nothing is to change.
      if (isSame || generated.size === 0) files.rename(aside(name), `${folder}/${name}`)
      else files.remove(aside(name))
    }
  }
}

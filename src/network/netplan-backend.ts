import type { Machine } from '../machine/machine.ts'

/** Who carries out what netplan has generated: netplan-generate(8) writes files for the one or the other. */
export const netplanBackend = ({ files }: Machine): 'networkd' | 'network-manager' | undefined => {
  if (files.list('/run/systemd/network').some((name) => /-netplan-.*\.network$/.test(name))) return 'networkd'
  return files.list('/run/NetworkManager/system-connections').some((name) => name.startsWith('netplan-'))
    ? 'network-manager'
    : undefined
}

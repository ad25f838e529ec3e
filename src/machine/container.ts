import type { Machine } from './machine.ts'

const markers = ['/run/systemd/container', '/run/host/container-manager', '/run/.containerenv', '/.dockerenv']

/** True when this machine is a container: its disks and its kernel are its host's affair. */
export const isContainer = (machine: Machine): boolean => {
  if (markers.some((path) => machine.files.exists(path))) return true
  try {
    const environment = machine.files.readTextIfExists('/proc/1/environ') ?? ''
    return environment.split('\0').some((entry) => entry.startsWith('container=') && entry !== 'container=')
  } catch {
    // Only root may read it, and only where /proc is whole: then nothing says that this is a container.
    return false
  }
}

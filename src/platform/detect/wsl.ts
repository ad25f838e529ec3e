import type { Machine } from '../../machine/machine.ts'
import { answerOf, isFile } from '../asking.ts'
import { type Detector, FOUND, NOT_FOUND } from './detector.ts'

/** Where Windows drives are mounted: 9p with `aname=drvfs;...` (WSL, "Mounting Windows drives"). */
const windowsDrives = (machine: Machine): string[] => {
  let mounts = ''
  try {
    mounts = machine.files.readTextIfExists('/proc/mounts') ?? ''
  } catch {
    return []
  }
  return mounts.split('\n').flatMap((line) => /^\S* (\S*) 9p \S*aname=drvfs;/.exec(line)?.[1] ?? [])
}

/** %USERPROFILE% as a path of this machine; undefined when Windows does not tell. */
const userProfile = async (machine: Machine): Promise<string | undefined> => {
  for (const drive of windowsDrives(machine)) {
    const shell = `${drive}/Windows/System32/cmd.exe`
    if (machine.which(shell) === undefined) continue
    // /u: UTF-16; the narrow code pages would mangle names.
    const answer = await answerOf(machine, ['/init', shell, '/u', '/c', 'echo.%USERPROFILE%'])
    const profile = answer ? Buffer.from(answer.stdoutBytes).toString('utf16le').trim() : ''
    if (profile === '') continue
    return (await answerOf(machine, ['wslpath', '-au', profile]))?.stdout.trim() || undefined
  }
  return undefined
}

/** `Ubuntu` of `//wsl.localhost/Ubuntu/`, Windows' path of this machine's root. */
const instanceName = async (machine: Machine): Promise<string> => {
  const root = (await answerOf(machine, ['wslpath', '-am', '/']))?.stdout.trim() ?? ''
  return root.replace(/^\/\/[^/]*\//, '').replace(/\/$/, '')
}

const osRelease = (machine: Machine): Readonly<Record<string, string>> => {
  const values: Record<string, string> = {}
  for (const line of (machine.files.readTextIfExists('/etc/os-release') ?? '').split('\n')) {
    const [, key, value] = /^([A-Z_]+)=["']?(.*?)["']?\s*$/.exec(line) ?? []
    if (key !== undefined && value !== undefined) values[key] = value
  }
  return values
}

const candidates = (profile: string, instance: string, release: Readonly<Record<string, string>>): string[] => {
  const id = release['ID'] || 'linux'
  const version = release['VERSION_ID'] || release['VERSION_CODENAME'] || ''
  const files = [instance, `${id}-${version}`, `${id}-all`, 'default'].map((name) => `${name}.user-data`)
  const own = files.map((name) => `${profile}/.cloud-init/${name}`)
  if (release['NAME'] !== 'Ubuntu') return own
  return [`${instance}.user-data`, 'agent.yaml'].map((name) => `${profile}/.ubuntupro/.cloud-init/${name}`).concat(own)
}

/** Found when the Windows user keeps a file for this instance, this release or all. */
export const wslDetector: Detector = {
  id: 'WSL',
  check: async ({ machine, kernel, virtualisation }) => {
    if (kernel.name !== 'Linux' || (await virtualisation()) !== 'wsl') return NOT_FOUND
    const profile = await userProfile(machine)
    if (profile === undefined) return NOT_FOUND
    const files = candidates(profile, await instanceName(machine), osRelease(machine))
    return files.some((path) => isFile(machine, path)) ? FOUND : NOT_FOUND
  },
}

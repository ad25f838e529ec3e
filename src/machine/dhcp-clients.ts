import { type LeaseOptions, optionOfMessage, readDhclientLease, readLeaseVariables } from './dhcp-leases.ts'
import { CommandError, messageOf } from './errors.ts'
import type { CommandOptions, Machine } from './machine.ts'
import { askNetworkd, networkdProgram } from './networkd-client.ts'

/** A DHCP client, asked once for a lease and stopped again. What it sets on the link is its asker's to take away. */
interface DhcpClient {
  readonly command: string
  isInstalled(machine: Machine): boolean
  /** undefined: it ended without a lease. */
  ask(machine: Machine, link: string, timeoutSeconds: number): Promise<LeaseOptions | undefined>
}

/** Azure's wire server address comes in this private option. */
const wireServerOption = 245

/** Ends a client that stays in the background, by the file in which it keeps its process id. */
const stopByPidFile = async (machine: Machine, path: string): Promise<void> => {
  const pid = Number((machine.files.readTextIfExists(path) ?? '').trim())
  if (!Number.isInteger(pid) || pid <= 1) return
  await machine.ask(['kill', String(pid)], { allowedExitCodes: 'any' })
}

/**
 * Runs a client, whose exit code does not matter: there is a lease or there is none, also when its time is over.
 * Returns what it prints.
 */
const runClient = async (machine: Machine, words: readonly string[], options: CommandOptions): Promise<string> => {
  try {
    return (await machine.ask(words, options)).stdout
  } catch (error) {
    if (!(error instanceof CommandError)) throw error
    machine.log.debug(messageOf(error))
    return error.stdout
  }
}

const isInPath =
  (command: string) =>
  (machine: Machine): boolean =>
    machine.which(command) !== undefined

/** ISC dhclient. The names of its files are those that AppArmor's profile for it allows. */
const dhclient: DhcpClient = {
  command: 'dhclient',
  isInstalled: isInPath('dhclient'),
  ask: async (machine, link, timeoutSeconds) => {
    const leases = `/run/dhclient-firstlight-${link}.lease`
    const pidFile = `/run/dhclient-firstlight-${link}.pid`
    const words = ['dhclient', '-1', '-v', '-lf', leases, '-pf', pidFile, '-sf', '/bin/true', link]
    machine.files.remove(leases)
    try {
      await runClient(machine, words, { timeoutSeconds })
      return readDhclientLease(machine.files.readTextIfExists(leases) ?? '', link)
    } finally {
      await stopByPidFile(machine, pidFile)
      machine.files.remove(leases)
      machine.files.remove(pidFile)
    }
  },
}

/** dhcpcd 9 and 10. */
const dhcpcd: DhcpClient = {
  command: 'dhcpcd',
  isInstalled: isInPath('dhcpcd'),
  ask: async (machine, link, timeoutSeconds) => {
    const words = ['dhcpcd', '--ipv4only', '--waitip', '--persistent', '--noarp', '--script=/bin/true']
    const waiting = String(Math.max(1, Math.floor(timeoutSeconds)))
    try {
      await runClient(machine, [...words, '--timeout', waiting, link], { timeoutSeconds: timeoutSeconds + 5 })
      const dumping = { timeoutSeconds: 10, allowedExitCodes: 'any' as const }
      const dump = await machine.ask(['dhcpcd', '--dumplease', '--ipv4only', link], dumping)
      const lease = readLeaseVariables(dump.stdout)
      const message = machine.files.readBytesIfExists(`/var/lib/dhcpcd/${link}.lease`)
      const wireServer = message && optionOfMessage(message, wireServerOption)
      return lease && { ...lease, ...(wireServer && { [`unknown-${wireServerOption}`]: wireServer }) }
    } finally {
      // Stops it and leaves the address (--persistent) for the caller to take away. It waits 10 s itself for one that is
      // stuck; a lease is a lease all the same.
      await runClient(machine, ['dhcpcd', '--ipv4only', '--exit', link], { timeoutSeconds: 15 })
    }
  },
}

/** Keeps what udhcpc hands to its script: the lease as environment variables. */
const udhcpcScript = `#!/bin/sh
[ "$1" = bound ] || exit 0
env > "$FIRSTLIGHT_LEASE"
`

/** busybox udhcpc. */
const udhcpc: DhcpClient = {
  command: 'udhcpc',
  isInstalled: isInPath('udhcpc'),
  ask: async (machine, link, timeoutSeconds) => {
    const folder = `/run/firstlight-udhcpc-${link}`
    const [script, lease] = [`${folder}/script`, `${folder}/lease`]
    machine.files.makeFolder(folder, { mode: 0o700 })
    try {
      machine.files.write(script, udhcpcScript, { mode: 0o700 })
      const asked = ['-O', 'staticroutes', '-O', String(wireServerOption)]
      const words = ['udhcpc', ...asked, '-i', link, '-s', script, '-n', '-q', '-f', '-t', '5', '-T', '2']
      await runClient(machine, words, { timeoutSeconds, env: { FIRSTLIGHT_LEASE: lease } })
      return readLeaseVariables(machine.files.readTextIfExists(lease) ?? '')
    } finally {
      machine.files.remove(folder)
    }
  },
}

const networkd: DhcpClient = {
  command: 'systemd-networkd',
  isInstalled: (machine) => networkdProgram(machine) !== undefined && machine.which('unshare') !== undefined,
  ask: (machine, link, timeoutSeconds) =>
    askNetworkd(machine, link, timeoutSeconds, (words, options) => runClient(machine, words, options)),
}

const clients = [dhclient, dhcpcd, udhcpc, networkd]

/** The first client that is installed. */
export const installedDhcpClient = (machine: Machine): DhcpClient | undefined =>
  clients.find(({ isInstalled }) => isInstalled(machine))

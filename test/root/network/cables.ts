import { type ChildProcess, spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { attempt, eventually, type Outcome, run } from './commands.ts'

/** A cable: the machine's interface at one end, the cloud's port at the other. */
export interface Cable {
  /** Name of the machine's interface when it is switched on. */
  readonly name: string
  readonly mac: string
  /** Default 1500. */
  readonly mtu?: number
  /** Addresses of the cloud's port. */
  readonly addresses?: readonly string[]
  /** The cloud's ports of the same name are on one switch, which then has the addresses. */
  readonly switch?: string
}

/** How the machine's interfaces are made: for a container, or for a machine with a kernel of its own. */
export type CableKind = 'veth' | 'tap'

/** The cloud's side: a network namespace with a port for each cable. */
export interface Cloud {
  /** Its network namespace. */
  readonly name: string
  /** Where the cables' other ends are, until a container takes them. */
  readonly desk: string
  /** Runs a command there, whatever comes of it. */
  attempt(...argv: string[]): Promise<Outcome>
  /** Starts a program there that runs until `remove`. */
  start(...argv: string[]): ChildProcess
  /** Puts new cables in, as after a power cycle. */
  plugIn(): Promise<void>
  /** Packets that came in by the port of that cable. */
  received(cable: number): Promise<number>
  remove(): Promise<void>
}

export const portName = (cable: number): string => `port${cable}`

/**
 * @param label short, unique
 * @param dnsmasq lines of dnsmasq.conf(5); none: nobody answers DHCP, and there is no router
 */
export const layCables = async (
  label: string,
  cables: readonly Cable[],
  options: { readonly kind: CableKind; readonly folder: string; readonly dnsmasq?: readonly string[] | undefined },
): Promise<Cloud> => {
  const { kind, folder, dnsmasq = [] } = options
  const [cloud, desk] = [`cloud-${label}`, `desk-${label}`]
  const inCloud = ['nsenter', `--net=/run/netns/${cloud}`]
  const children: ChildProcess[] = []
  const start = (...argv: string[]): ChildProcess => {
    const [command = '', ...words] = [...inCloud, ...argv]
    const child = spawn(command, words, { stdio: 'ignore' })
    children.push(child)
    return child
  }
  await run('ip', 'netns', 'add', cloud)
  await run('ip', 'netns', 'add', desk)
  await run('ip', '-n', cloud, 'link', 'set', 'lo', 'up')

  const plugIn = async (): Promise<void> => {
    for (const [index, cable] of cables.entries()) {
      const port = portName(index)
      const mtu = ['mtu', String(cable.mtu ?? 1500)]
      if (kind === 'tap') {
        await run('ip', '-n', cloud, 'tuntap', 'add', port, 'mode', 'tap')
        await run('ip', '-n', cloud, 'link', 'set', port, ...mtu)
      } else {
        await attempt(['ip', '-n', cloud, 'link', 'del', port])
        const peer = ['peer', 'name', cable.name, 'address', cable.mac, ...mtu, 'netns', desk]
        await run('ip', '-n', cloud, 'link', 'add', port, ...mtu, 'type', 'veth', ...peer)
      }
      const holder = cable.switch ?? port
      if (cable.switch !== undefined) {
        await attempt(['ip', '-n', cloud, 'link', 'add', cable.switch, 'type', 'bridge'])
        await run('ip', '-n', cloud, 'link', 'set', cable.switch, 'up')
        await run('ip', '-n', cloud, 'link', 'set', port, 'master', cable.switch)
      }
      // Ours from the first packet on.
      for (const address of cable.addresses ?? []) {
        const noDad = address.includes(':') ? ['nodad'] : []
        await run('ip', '-n', cloud, 'addr', 'replace', address, 'dev', holder, ...noDad)
      }
      await run('ip', '-n', cloud, 'link', 'set', port, 'up')
    }
  }
  await plugIn()

  if (dnsmasq.length > 0) {
    const file = join(folder, `${label}-dnsmasq.conf`)
    const usual = ['port=0', 'keep-in-foreground', 'leasefile-ro', 'log-dhcp', 'dhcp-authoritative', 'no-ping']
    const log = `${file}.log`
    writeFileSync(file, `${[...usual, ...dnsmasq, `log-facility=${log}`].join('\n')}\n`)
    writeFileSync(log, '')
    const child = start('dnsmasq', '--no-resolv', '--no-hosts', `--conf-file=${file}`, '--user=root')
    await eventually(async () => {
      if (child.exitCode !== null) throw new Error(`dnsmasq ended: see ${log}`)
      const { stdout } = await attempt([...inCloud, 'ss', '-Hlun'])
      if (!/:(67|547)\s/.test(stdout) && !dnsmasq.some((line) => line.includes('ra-only'))) throw new Error('dnsmasq')
    }, 5)
  }

  return {
    name: cloud,
    desk,
    attempt: (...argv) => attempt([...inCloud, ...argv]),
    start,
    plugIn: async () => {
      if (kind === 'veth') await plugIn()
    },
    received: async (cable) => {
      const text = await run('ip', '-n', cloud, '-s', '-json', 'link', 'show', portName(cable))
      const [link]: { stats64?: { rx?: { packets?: number } } }[] = JSON.parse(text)
      return link?.stats64?.rx?.packets ?? 0
    },
    remove: async () => {
      for (const child of children) child.kill('SIGKILL')
      await attempt(['ip', 'netns', 'del', cloud])
      await attempt(['ip', 'netns', 'del', desk])
    },
  }
}

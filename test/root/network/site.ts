import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { layCables } from './cables.ts'
import { bootContainer, type Running } from './container.ts'
import { makeRoot, type Renderer } from './machine-root.ts'
import type { Scenario, Site } from './scenario.ts'
import { bootUsermode, prepareForUsermode } from './usermode.ts'

export interface Place {
  /** Folder for what the site needs. */
  readonly work: string
  /** Layers of all roots, the uppermost first. */
  readonly layers: readonly string[]
}

const seedFolder = '/var/lib/cloud/seed/nocloud'

const networkPath = `${seedFolder}/network-config`

const seedOf = ({ network }: Scenario): Record<string, string> => ({
  [`${seedFolder}/meta-data`]: 'instance-id: iid-1\n',
  [`${seedFolder}/user-data`]: '#cloud-config\n{}\n',
  ...(network !== undefined && {
    [networkPath]: typeof network === 'string' ? network : JSON.stringify(network),
  }),
})

const logPath = 'var/log/cloud-init.log'

let number = 0

/** Lays the cables, boots the machine, checks, and takes all down again. Returns the seconds of the first boot. */
export const play = async (scenario: Scenario, renderer: Renderer, { work, layers }: Place): Promise<number> => {
  number += 1
  const label = `m${number}`
  const folder = join(work, label)
  mkdirSync(folder)
  const { cables, dnsmasq, files } = scenario
  const isOwnKernel = scenario.on === 'kernel'
  const cloud = await layCables(label, cables, { kind: isOwnKernel ? 'tap' : 'veth', folder, dnsmasq })
  const root = await makeRoot(folder, { layers, renderer, files: { ...seedOf(scenario), ...files } })
  if (isOwnKernel) await prepareForUsermode(root.folder)
  const boot = (): Promise<Running> =>
    isOwnKernel
      ? bootUsermode({ label, root: root.folder, cloud: cloud.name, cables })
      : bootContainer({ label, root: root.folder, desk: cloud.desk, interfaces: cables.map(({ name }) => name) })
  let machine: Running | undefined
  const log = (): string => readFileSync(join(root.folder, logPath), 'utf8')
  try {
    await scenario.startServices?.(cloud)
    machine = await boot()
    const { bootSeconds } = machine
    const site: Site = {
      renderer,
      cloud,
      cables,
      root: root.folder,
      machine: () => {
        if (machine === undefined) throw new Error('the machine is off')
        return machine
      },
      reboot: async () => {
        await machine?.stop()
        await cloud.plugIn()
        machine = await boot()
      },
      setNetwork: (network) => writeFileSync(join(root.folder, networkPath), JSON.stringify(network)),
      log,
    }
    await scenario.check(site)
    return bootSeconds
  } catch (error) {
    if (existsSync(join(root.folder, logPath))) console.log(log())
    const said = [
      ['journalctl', '-b', '--no-pager', '-o', 'short-monotonic', '-n', '120'],
      ['ip', 'addr'],
    ]
    for (const argv of said) console.log((await machine?.attempt(...argv))?.stdout ?? '')
    throw error
  } finally {
    await machine?.stop()
    await cloud.remove()
    await root.remove()
  }
}

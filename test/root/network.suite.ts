/**
 * The network for real: machines in containers, booted by systemd with firstlight's own units, whose network is brought up by
 * the tools that Debian has for it, and looked at with `ip -json` and with packets.
 */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { type DhcpClientName, dhcpClients, leaseTests } from './network/leases.ts'
import type { Renderer } from './network/machine-root.ts'
import { buildNetworkRoot, installFirstlight } from './network/machine-root.ts'
import { scenarios } from './network/scenarios.ts'
import { play } from './network/site.ts'
import { enterStage, reasonToSkip, workFolderOnStage } from './network/stage.ts'
import { usermodeIsMissing } from './network/usermode.ts'

const limitSeconds = 1200
const renderers: readonly Renderer[] = ['networkd', 'netplan', 'eni', 'network-manager']
const atATime = 2

const leaseProgram = join(import.meta.dirname, 'network/lease-program.ts')
const esbuild = join(import.meta.dirname, '../../node_modules/.bin/esbuild')
const bundle = [leaseProgram, '--bundle', '--platform=node', '--format=esm', '--log-level=warning']

const only = process.env['NETWORK_ONLY']
const isWanted = (name: string): boolean => only === undefined || only.split(',').some((word) => name.includes(word))

const playAll = async (work: string): Promise<void> => {
  const layer = join(work, 'firstlight')
  mkdirSync(layer)
  installFirstlight(layer)
  const place = { work, layers: [layer, buildNetworkRoot()] }
  const all = scenarios.flatMap((scenario) => renderers.map((renderer) => ({ scenario, renderer })))
  // What takes longest comes first, so that nothing is waited for at the end.
  const wanted = all
    .filter(({ scenario, renderer }) => isWanted(`${renderer}: ${scenario.name}`))
    .sort((left, right) => Number(right.scenario.on === 'kernel') - Number(left.scenario.on === 'kernel'))
  const noKernel = usermodeIsMissing()
  const reasonNotTo = ({ scenario, renderer }: (typeof all)[number]): string | undefined =>
    scenario.notFor?.[renderer] ?? (scenario.on === 'kernel' ? noKernel : undefined)
  const seconds = new Map<string, string>()
  execFileSync(esbuild, [...bundle, `--outfile=${join(work, 'lease.mjs')}`], { stdio: 'inherit' })
  await test('leases of the local stage', { concurrency: atATime }, async (context) => {
    const clients = Object.keys(dhcpClients) as DhcpClientName[]
    const cases = Object.entries(leaseTests).flatMap(([name, check]) =>
      clients.map((client) => ({ name: `${client}: ${name}`, check: () => check(client, place) })),
    )
    await Promise.all(cases.filter(({ name }) => isWanted(name)).map(({ name, check }) => context.test(name, check)))
  })
  await test('networks', { concurrency: atATime }, async (context) => {
    await Promise.all(
      wanted.map((each) => {
        const name = `${each.renderer}: ${each.scenario.name}`
        const skip = reasonNotTo(each)
        return context.test(name, { skip: skip ?? false }, async () => {
          const took = await play(each.scenario, each.renderer, place)
          seconds.set(name, `${took.toFixed(1)} s`)
        })
      }),
    )
  })
  console.log(`from switching on to the end of the boot: ${renderers.join(', ')}; -: not for it, or not well`)
  for (const { name } of scenarios.filter(({ name }) => wanted.some(({ scenario }) => scenario.name === name))) {
    const cells = renderers.map((renderer) => (seconds.get(`${renderer}: ${name}`) ?? '-').padStart(7))
    console.log(`${cells.join(' ')}  ${name}`)
  }
}

const workOnStage = workFolderOnStage()
if (workOnStage !== undefined) {
  await playAll(workOnStage)
} else {
  const skip = reasonToSkip()
  if (skip) console.log(`network: skipped: ${skip}`)
  console.log('sysconfig is left out: Debian has no tool that reads it')
  test('the network is as it was configured', { skip }, () => {
    buildNetworkRoot()
    assert.equal(enterStage(import.meta.filename, limitSeconds), 0)
  })
}

/**
 * The network for real: machines in containers, booted by systemd with firstlight's own units, whose network is brought up by
 * the tools that Debian has for it, and looked at with `ip -json` and with packets.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Renderer } from './network/machine-root.ts'
import { buildNetworkRoot, installFirstlight } from './network/machine-root.ts'
import { scenarios } from './network/scenarios.ts'
import { play } from './network/site.ts'
import { enterStage, isOnStage } from './network/stage.ts'

const limitSeconds = 600
const renderers: readonly Renderer[] = ['networkd', 'netplan', 'eni', 'network-manager']
const atATime = 2

const isInstalled = (command: string): boolean => spawnSync('sh', ['-c', `command -v ${command}`]).status === 0

const reasonToSkip = (): string | false => {
  if (process.getuid?.() !== 0) return 'it needs root'
  if (!existsSync(join(import.meta.dirname, '../../dist/firstlight.cjs'))) return 'there is no dist/: run npm run build'
  const needed = ['unshare', 'nsenter', 'ip', 'ss', 'ping', 'dnsmasq', 'systemd-nspawn', 'mmdebstrap']
  const missing = needed.filter((command) => !isInstalled(command))
  return missing.length > 0 && `not installed: ${missing.join(', ')}`
}

const only = process.env['NETWORK_ONLY']
const isWanted = (name: string): boolean => only === undefined || only.split(',').some((word) => name.includes(word))

const playAll = async (): Promise<void> => {
  const work = mkdtempSync(join(tmpdir(), 'firstlight-network-suite-'))
  const layer = join(work, 'firstlight')
  mkdirSync(layer)
  installFirstlight(layer)
  const place = { work, layers: [layer, buildNetworkRoot()] }
  const all = scenarios.flatMap((scenario) => renderers.map((renderer) => ({ scenario, renderer })))
  const wanted = all.filter(({ scenario, renderer }) => isWanted(`${renderer}: ${scenario.name}`))
  const seconds: string[] = []
  await test('networks', { concurrency: atATime }, async (context) => {
    await Promise.all(
      wanted.map(({ scenario, renderer }) =>
        context.test(`${renderer}: ${scenario.name}`, { skip: scenario.notFor?.[renderer] ?? false }, async () => {
          const took = await play(scenario, renderer, place)
          seconds.push(`${took.toFixed(1)} s: ${renderer}: ${scenario.name}`)
        }),
      ),
    )
  })
  rmSync(work, { recursive: true, force: true })
  console.log(`boots:\n${seconds.join('\n')}`)
}

if (isOnStage()) {
  await playAll()
} else {
  const skip = reasonToSkip()
  if (skip) console.log(`network: skipped: ${skip}`)
  console.log('sysconfig is left out: Debian has no tool that reads it')
  test('the network is as it was configured', { skip }, () => {
    buildNetworkRoot()
    assert.equal(enterStage(import.meta.filename, limitSeconds), 0)
  })
}

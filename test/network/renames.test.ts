import assert from 'node:assert/strict'
import { test } from 'node:test'
import { planRenames } from '../../src/network/renames.ts'

/** What the names are after the commands; throws where the kernel would refuse. */
const play = (start: Readonly<Record<string, string>>, commands: readonly (readonly string[])[]) => {
  const names = new Map(Object.entries(start))
  const up = new Set(names.keys())
  for (const [, , , , name = '', verb, to = ''] of commands) {
    if (!names.has(name)) throw new Error(`no link ${name}`)
    if (verb === 'down') up.delete(name)
    if (verb === 'up') up.add(name)
    if (verb !== 'name') continue
    if (up.has(name) || names.has(to)) throw new Error(`${name} can't become ${to}`)
    names.set(to, names.get(name) ?? '')
    names.delete(name)
  }
  assert.equal(up.size, names.size, 'every link is up again')
  return Object.fromEntries(names)
}

const links = (names: Readonly<Record<string, string>>) =>
  Object.entries(names).map(([name, mac]) => ({ name, mac, isUp: true }))

const cases: readonly (readonly [string, Record<string, string>, Record<string, string>, Record<string, string>])[] = [
  ['nothing changes when all have their names', { eth0: 'a' }, { eth0: 'a' }, { eth0: 'a' }],
  ['one gets a new name', { ens3: 'a', ens4: 'b' }, { lan0: 'a' }, { lan0: 'a', ens4: 'b' }],
  ['two swap their names', { eth0: 'a', eth1: 'b' }, { eth0: 'b', eth1: 'a' }, { eth0: 'b', eth1: 'a' }],
  ['three go round', { x: 'a', y: 'b', z: 'c' }, { y: 'a', z: 'b', x: 'c' }, { y: 'a', z: 'b', x: 'c' }],
  ['a chain moves up', { eth0: 'a', eth1: 'b' }, { eth1: 'a', eth2: 'b' }, { eth1: 'a', eth2: 'b' }],
  ['a bystander makes way', { eth0: 'a', eth1: 'b' }, { eth1: 'a' }, { eth1: 'a', cirename0: 'b' }],
  [
    'bystanders make way in a circle, too',
    { eth0: 'a', eth1: 'b', eth2: 'c', cirename0: 'd' },
    { eth1: 'a', eth2: 'b' },
    { eth1: 'a', eth2: 'b', cirename1: 'c', cirename0: 'd' },
  ],
]

for (const [what, present, wanted, after] of cases) {
  test(`renaming: ${what}`, () => {
    const names = Object.entries(wanted).map(([name, mac]) => ({ name, mac }))
    assert.deepEqual(play(present, planRenames(links(present), names)), after)
  })
}

test('an interface that shares its MAC address is told by its driver', () => {
  const present = [
    { name: 'eth0', mac: 'a', driver: 'mlx5_core', isUp: false },
    { name: 'eth1', mac: 'a', driver: 'hv_netvsc', isUp: false },
  ]
  assert.deepEqual(planRenames(present, [{ name: 'lan0', mac: 'A', driver: 'hv_netvsc' }]), [
    ['ip', 'link', 'set', 'dev', 'eth1', 'name', 'lan0'],
  ])
})

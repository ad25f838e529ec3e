/** What bad input gets: each row is a whole boot of four stages. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { badConfiguration } from './bad-configuration.ts'
import { assertEnded, assertFitToRead, assertNothingElse, assertReachable, assertToldOnce } from './expectations.ts'
import { bootable, bootStages } from './made-up-boot.ts'

for (const { name, files, told, alsoTold = [], done } of badConfiguration) {
  test(`${name}: the boot ends, the machine is reachable, the rest is done, one line tells it`, async () => {
    const machine = bootable({ files })
    await bootStages(machine)
    assertEnded(machine)
    assertReachable(machine)
    const tree = machine.tree()
    for (const [path, content] of Object.entries(done)) assert.equal(tree[path]?.content, content, path)
    if (told) assertToldOnce(machine, told)
    assertNothingElse(machine, [...(told ? [told] : []), ...alsoTold])
    assertFitToRead(machine)
  })
}

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { planBoot } from '../../src/boot/plan.ts'
import { cloudNames } from '../../src/simulator/cloud.ts'
import { machineOnCloud } from '../../src/simulator/cloud-machine.ts'
import { createCloud } from '../../src/simulator/index.ts'
import { bootable } from '../boot/made-up-boot.ts'

const userData = '#cloud-config\nwrite_files: [{path: /etc/from-user-data, content: x}]\n'

for (const cloud of cloudNames) {
  test(`A plan on ${cloud} has what that cloud hands out, asks nobody and changes nothing`, async () => {
    const machine = bootable()
    const before = JSON.stringify(machine.tree())
    const simulated = createCloud({ cloud, userData, hostname: 'planned.example.test' })
    const plan = await planBoot(machineOnCloud(machine, simulated), machine.records, {})
    const written = new Map(
      plan.changes.flatMap((change) =>
        change.kind === 'file' ? [[change.path, Buffer.from(change.after ?? '').toString()] as const] : [],
      ),
    )
    assert.equal(written.get('/etc/from-user-data'), 'x')
    assert.match(written.get('/etc/hostname') ?? '', /^planned/)
    assert.deepEqual(plan.errors, [])
    assert.deepEqual(machine.requests, [])
    assert.equal(machine.commands.filter(({ asked }) => !asked).length, 0)
    assert.equal(JSON.stringify(machine.tree()), before)
  })
}

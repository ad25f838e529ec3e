import assert from 'node:assert/strict'
import { test } from 'node:test'
import { reportStatus, statusExitCode } from '../../src/boot/report-status.ts'
import { memoryMachine } from '../../src/machine/memory.ts'

test('a process that ended in the middle of the boot is an error, and nobody waits for it any longer', () => {
  const machine = memoryMachine()
  machine.files.write('/run/cloud-init/crashed', 'signal\n')
  const report = reportStatus(machine)
  assert.equal(report.state, 'error')
  assert.equal(report.extended, 'error')
  assert.equal(statusExitCode(report), 1)
  assert.deepEqual(report.errors, ['firstlight ended in the middle of the boot (signal): see cloud-init.log'])
})

test('where firstlight found no cloud, status says disabled', () => {
  const machine = memoryMachine()
  machine.files.write('/run/cloud-init/disabled', '')
  assert.equal(reportStatus(machine).state, 'disabled')
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createLog } from '../../src/machine/create-log.ts'
import type { LogRecord } from '../../src/machine/log.ts'
import { memoryMachine } from '../../src/machine/memory.ts'

test('a record has its level, its actor and its time', () => {
  const machine = memoryMachine({ startTime: 1000 })
  machine.as('ssh').log.warning('no key')
  machine.clock.advance(500)
  machine.as('ntp').log.announce('set')
  assert.deepEqual(machine.records, [
    { level: 'WARNING', actor: 'ssh', message: 'no key', time: 1000 },
    { level: 'INFO', actor: 'ntp', message: 'set', announced: true, time: 1500 },
  ])
})

test('a secret is in no record of any actor once it is known, a longer one that holds it neither', () => {
  const machine = memoryMachine()
  machine.as('a').log.hideSecret('sesame')
  machine.as('a').log.hideSecret('sesame-open')
  machine.as('b').log.error('user x has sesame-open, not sesame or sesam')
  assert.equal(machine.records[0]?.message, 'user x has <redacted>, not <redacted> or sesam')
})

test('a word that is too short to be a secret is not blanked out everywhere', () => {
  const machine = memoryMachine()
  machine.log.hideSecret('')
  machine.log.hideSecret('a')
  machine.log.info('a banana')
  assert.equal(machine.records[0]?.message, 'a banana')
})

test('a log that can no longer be written is left out, and the others hear of it', () => {
  const kept: LogRecord[] = []
  let calls = 0
  const full = (): void => {
    calls += 1
    throw new Error('no space left')
  }
  const log = createLog({ clock: { now: () => 0 }, sinks: [full, (record) => void kept.push(record)] }).as('boot')
  log.info('one')
  log.info('two')
  assert.deepEqual(
    kept.map(({ level, message }) => `${level} ${message}`),
    ['WARNING a log can no longer be written: no space left', 'INFO one', 'INFO two'],
  )
  assert.equal(calls, 1)
})

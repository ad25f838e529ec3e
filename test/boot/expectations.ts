import assert from 'node:assert/strict'
import type { MemoryMachine } from '../../src/machine/memory.ts'
import { imageKey, statusData, statusLines } from './made-up-boot.ts'

/** Stands for every secret in the inputs of these tests: it is in no log and in no file that everybody may read. */
export const secret = 'hunter2-secret'

/** No boot, whatever it meets, takes longer than this on the machine's own clock. Milliseconds. */
const longestBoot = 45 * 60_000

const isSerious = ({ level }: { readonly level: string }): boolean => level !== 'DEBUG' && level !== 'INFO'

const seriousLines = (machine: MemoryMachine): string[] =>
  machine.records.filter(isSerious).map(({ message }) => message)

/** The boot has come to its end, in time, and says so. */
export const assertEnded = (machine: MemoryMachine): void => {
  assert.ok(machine.clock.monotonic() < longestBoot, `it took ${machine.clock.monotonic() / 1000} s`)
  const { status, stage } = statusData(machine)
  assert.match(String(status), /^(done|error)$/)
  assert.equal(stage, null)
}

/** Its owner can log in: the default user is there with these keys, and sshd has host keys of its own. */
export const assertReachable = (
  machine: MemoryMachine,
  keys: readonly string[] = [imageKey],
  user = 'debian',
): void => {
  const tree = machine.tree()
  assert.match(tree['/etc/passwd']?.content ?? '', new RegExp(`^${user}:`, 'm'), `there is no user ${user}`)
  const authorized = tree[`/home/${user}/.ssh/authorized_keys`]
  assert.equal(authorized?.mode, 0o600)
  for (const key of keys) assert.ok(authorized?.content.includes(key), `a key is missing: ${key}`)
  assert.equal(tree['/etc/ssh/ssh_host_ed25519_key']?.content, 'private ed25519\n', 'there is no host key of its own')
}

/** Exactly one line tells it: in `status --long`, and in the log. */
export const assertToldOnce = (machine: MemoryMachine, told: RegExp): void => {
  const inStatus = statusLines(machine).filter((line) => told.test(line))
  assert.equal(inStatus.length, 1, `status: ${JSON.stringify(statusLines(machine), null, 1)}`)
  const inLog = seriousLines(machine).filter((line) => told.test(line))
  assert.equal(inLog.length, 1, `log: ${JSON.stringify(seriousLines(machine), null, 1)}`)
}

/** Nothing but what the patterns tell is wrong. */
export const assertNothingElse = (machine: MemoryMachine, told: readonly RegExp[]): void => {
  const others = statusLines(machine).filter((line) => !told.some((pattern) => pattern.test(line)))
  assert.deepEqual(others, [])
}

/** What is told is fit to be read: single lines, no stack, no secret; and no secret lies open on the disk. */
export const assertFitToRead = (machine: MemoryMachine): void => {
  for (const line of [...statusLines(machine), ...seriousLines(machine)]) {
    assert.doesNotMatch(line, /\n|\bat .*:\d+:\d+|node:internal|\[object Object\]|undefined/, line)
  }
  for (const { message } of machine.records) assert.ok(!message.includes(secret), message)
  for (const [path, { type, mode, content }] of Object.entries(machine.tree())) {
    const isOpen = type === 'file' && (mode & 0o004) !== 0
    if (isOpen && !path.includes('/seed/')) assert.ok(!content.includes(secret), path)
  }
}

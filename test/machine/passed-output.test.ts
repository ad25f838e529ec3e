import assert from 'node:assert/strict'
import { test } from 'node:test'
import { liveMachine } from '../../src/machine/live.ts'
import { openOutput, type PassedOutput } from '../../src/machine/passed-output.ts'
import { withMachine } from './kinds.ts'

/** Opens an output by `spec` in a folder (`DIR`), runs shell lines with it, and tells what `file` then holds. */
const printed = async (spec: readonly string[], lines: readonly string[], file: string): Promise<string> => {
  let content = ''
  await withMachine('live', async ({ at }) => {
    const [stdout = '', stderr] = spec.map((word) => word.replaceAll('DIR', at))
    const output = openOutput(stdout, stderr)
    const machine = liveMachine({ output: output.descriptors })
    for (const line of lines) {
      const result = await machine.run(['sh', '-c', line], { output: 'pass' })
      assert.deepEqual([result.stdout, result.stderr], ['', ''])
    }
    await output.close()
    content = machine.files.readText(`${at}/${file}`)
  })
  return content
}

const bothWays = ['echo one; echo two >&2', 'echo three > /dev/stdout; echo four > /dev/stderr']

/** Outputs as cloud.cfg names them (but for what would go to this test's own output). */
const outputs: Record<string, string[]> = {
  'a command': ['| tee -a DIR/log > /dev/null'],
  'a file to add to': ['>> DIR/log'],
  'a file': ['DIR/log', '&1'],
  'a new file': ['> DIR/log', '&1'],
  'the same file twice': ['>> DIR/log', '>> DIR/log'],
}

for (const [what, spec] of Object.entries(outputs)) {
  // A file opened anew by /dev/stdout is written from its start, unless it is a pipe: as with any shell.
  const lines = what === 'a command' ? bothWays : bothWays.slice(0, 1)
  test(`what commands print goes to ${what}, in order`, async () => {
    const words = what === 'a command' ? 'one\ntwo\nthree\nfour\n' : 'one\ntwo\n'
    assert.equal(await printed(spec, lines, 'log'), words)
  })
}

test('complaints can go elsewhere', async () => {
  const spec = ['| cat > DIR/out', '>> DIR/err']
  assert.equal(await printed(spec, bothWays.slice(0, 1), 'out'), 'one\n')
  assert.equal(await printed(spec, bothWays.slice(0, 1), 'err'), 'two\n')
})

test('what is captured does not go there, and what firstlight adds itself does', () =>
  withMachine('live', async ({ at }) => {
    const output: PassedOutput = openOutput(`>> ${at}/log`)
    const machine = liveMachine({ output: output.descriptors })
    assert.equal((await machine.run(['echo', 'captured'])).stdout, 'captured\n')
    output.write('own\n')
    await output.close()
    assert.equal(machine.files.readText(`${at}/log`), 'own\n')
    assert.equal(machine.files.stat(`${at}/log`)?.mode, 0o640)
  }))

test('a filter starts when a command prints; until then firstlight does what tee does, in the same file', () =>
  withMachine('live', async ({ at }) => {
    const file = `${at}/log`
    // What tee passes on is this test's own output: a line of it that says nothing.
    const output = openOutput(`| tee -a ${file}`)
    const machine = liveMachine({ output: output.descriptors })
    output.write('# one\n')
    assert.equal(machine.files.readText(file), '# one\n')
    assert.equal(machine.files.stat(file)?.mode, 0o640)
    await machine.run(['echo', '# two'], { output: 'pass' })
    output.write('# three\n')
    await output.close()
    assert.equal(machine.files.readText(file), '# one\n# two\n# three\n')
  }))

test('what a filter makes is not for everybody to read', () =>
  withMachine('live', async ({ at }) => {
    const output = openOutput(`| cat > ${at}/log`)
    output.write('one\n')
    await output.close()
    assert.equal(liveMachine().files.stat(`${at}/log`)?.mode, 0o640)
  }))

test('an output that cannot be opened is an error that names it', () => {
  assert.throws(() => openOutput('>> /nonexistent/log'), /cannot open \/nonexistent\/log: no such file/)
})

import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import fsExtra from 'fs-extra'
import { CommandError } from '../../src/machine/errors.ts'
import { imageMachine } from '../../src/machine/image.ts'
import { liveMachine } from '../../src/machine/live.ts'
import { memoryMachine } from '../../src/machine/memory.ts'
import { planMachine } from '../../src/machine/plan.ts'
import { withMachine } from './kinds.ts'

const failureOf = async (promise: Promise<unknown>): Promise<CommandError> => {
  try {
    await promise
  } catch (error) {
    assert.ok(error instanceof CommandError, String(error))
    return error
  }
  throw new Error('it did not fail')
}

test('a command gets its words as they are and answers with its output and exit code', async () => {
  const result = await liveMachine().ask([
    'sh',
    '-c',
    'printf "%s|" "$@"; echo oops >&2',
    'sh',
    'a b',
    '$HOME',
    ';',
    '',
  ])
  assert.deepEqual(
    { ...result, stdoutBytes: undefined },
    {
      exitCode: 0,
      stdout: 'a b|$HOME|;||',
      stderr: 'oops\n',
      stdoutBytes: undefined,
    },
  )
})

test('a command reads the input it is given, and nothing without', async () => {
  const machine = liveMachine()
  assert.equal((await machine.ask(['cat'], { input: 'text' })).stdout, 'text')
  assert.equal((await machine.ask(['cat'])).stdout, '')
})

test('a command that does not read a large input is judged by its exit code', async () => {
  assert.equal((await liveMachine().ask(['true'], { input: 'x'.repeat(1_000_000) })).exitCode, 0)
})

test('output that is not text is there as bytes', async () => {
  const { stdoutBytes } = await liveMachine().ask(['printf', '\\377\\000a'])
  assert.deepEqual([...stdoutBytes], [0xff, 0x00, 0x61])
})

test('variables are added to the environment, and taken out of it', async () => {
  const env = { FIRSTLIGHT_TEST: 'value', HOME: undefined }
  const { stdout } = await liveMachine().ask(['sh', '-c', 'echo "$FIRSTLIGHT_TEST,$HOME."'], { env })
  assert.equal(stdout, 'value,.\n')
})

test('a command starts in the root folder unless told otherwise', () =>
  withMachine('live', async ({ machine, at }) => {
    assert.equal((await machine.ask(['pwd'])).stdout, '/\n')
    assert.equal((await machine.ask(['pwd', '-P'], { cwd: at })).stdout, `${machine.files.realPath(at)}\n`)
  }))

test('an exit code that is not allowed is an error with the last lines of what the command complained about', async () => {
  const error = await failureOf(liveMachine().run(['sh', '-c', 'seq 5 >&2; exit 3']))
  assert.equal(error.exitCode, 3)
  assert.equal(error.message, 'sh -c seq 5 >&2; exit 3: exit code 3: 3 | 4 | 5')
})

test('allowed exit codes are no errors', async () => {
  const machine = liveMachine()
  assert.equal((await machine.run(['sh', '-c', 'exit 2'], { allowedExitCodes: [0, 2] })).exitCode, 2)
  assert.equal((await machine.run(['sh', '-c', 'exit 9'], { allowedExitCodes: 'any' })).exitCode, 9)
  assert.equal((await machine.run(['sh', '-c', 'kill -9 $$'], { allowedExitCodes: 'any' })).exitCode, 137)
})

test('a secret word appears neither in the error nor in the journal', async () => {
  const machine = liveMachine()
  const words = ['sh', '-c', 'echo "$1" >&2; exit 1', 'sh', 'password=sesame']
  const error = await failureOf(machine.run(words, { secrets: ['sesame'] }))
  assert.doesNotMatch(JSON.stringify([error.message, error.argv, error.stderr, machine.journal.entries]), /sesame/)
  assert.match(error.message, /password=<redacted>/)
})

test('a command that is not installed, and what else keeps one from starting, is told apart', () =>
  withMachine('live', async ({ machine, at }) => {
    machine.files.write(`${at}/orphan`, '#!/nonexistent/shell\n', { mode: 0o755 })
    machine.files.write(`${at}/locked`, '#!/bin/sh\n', { mode: 0o644 })
    const cases: [string[], RegExp][] = [
      [['firstlight-no-such-command'], /^firstlight-no-such-command: not installed/],
      [[`${at}/none`], /not installed/],
      [[`${at}/locked`], /not installed/],
      [[`${at}/orphan`], /the interpreter in its first line, does not exist/],
      [[], /not installed/],
    ]
    for (const [words, message] of cases) {
      const error = await failureOf(machine.run(words))
      assert.match(error.message, message)
      assert.equal(error.exitCode, undefined)
    }
    assert.equal(machine.journal.entries.filter((change) => change.kind === 'command').length, 1)
  }))

test('a command and what it has started end at the time limit', () =>
  withMachine('live', async ({ machine, at }) => {
    const script = `trap 'touch ${at}/asked; exit' TERM; (trap 'touch ${at}/child; exit' TERM; sleep 60 & wait) & sleep 60 & wait`
    const error = await failureOf(machine.run(['sh', '-c', script], { timeoutSeconds: 0.5 }))
    assert.match(error.message, /still running after 0.5 s: ended/)
    assert.equal(error.exitCode, undefined)
    assert.deepEqual(machine.files.list(at), ['asked', 'child'])
  }))

test('a signal that ends firstlight ends the command that it waits for', () =>
  withMachine('live', async ({ machine, at }) => {
    const program = [
      `import { liveMachine } from ${JSON.stringify(join(import.meta.dirname, '../../src/machine/live.ts'))}`,
      `await liveMachine().run(['sh', '-c', 'trap "echo > ${at}/ended; exit" TERM; echo > ${at}/started; sleep 5 & wait'])`,
    ]
    await machine.run(['mkfifo', `${at}/started`, `${at}/ended`])
    machine.files.write(`${at}/program.mts`, program.join('\n'))
    const node = [process.execPath, '--import', import.meta.resolve('tsx'), `${at}/program.mts`]
    // The shell waits until the command has begun, ends the program as a service manager would, and waits for the command.
    const script = '"$@" & read -r _ < "$0/started" && kill -TERM $!; read -r _ < "$0/ended"; wait $!'
    const { exitCode } = await machine.run(['sh', '-c', script, at, ...node], {
      allowedExitCodes: 'any',
      timeoutSeconds: 30,
    })
    assert.equal(exitCode, 128 + 15)
  }))

test('a daemon that holds on to the output does not hold up its starter', async () => {
  const machine = liveMachine()
  const { stdout } = await machine.run(['sh', '-c', 'sleep 60 & echo $!'])
  process.kill(Number(stdout))
})

test('output beyond 16 MiB is read to its end but not kept', async () => {
  const { stdoutBytes } = await liveMachine().ask(['head', '-c', String(20 * 1024 * 1024), '/dev/zero'])
  assert.equal(stdoutBytes.length, 16 * 1024 * 1024)
})

test('a detached command outlives its start', () =>
  withMachine('live', async ({ machine, at }) => {
    await machine.run(['mkfifo', `${at}/pipe`])
    await machine.run(['sh', '-c', `echo started > ${at}/pipe`], { detached: true })
    assert.equal((await machine.ask(['cat', `${at}/pipe`])).stdout, 'started\n')
  }))

test('a command is found in PATH of the machine, and only when it is executable', () =>
  withMachine('image', ({ machine, onHost = '' }) => {
    const root = join(onHost, '..')
    fsExtra.outputFileSync(join(root, 'usr/sbin/tool'), '', { mode: 0o755 })
    fsExtra.outputFileSync(join(root, 'usr/bin/data'), '', { mode: 0o644 })
    fsExtra.ensureDirSync(join(root, 'usr/bin/folder'))
    fsExtra.ensureDirSync(join(root, 'etc/alternatives'))
    fsExtra.symlinkSync('/etc/alternatives/editor', join(root, 'usr/bin/editor'))
    fsExtra.symlinkSync('/usr/sbin/tool', join(root, 'etc/alternatives/editor'))
    assert.equal(machine.which('tool'), '/usr/sbin/tool')
    assert.equal(machine.which('editor'), '/usr/bin/editor')
    assert.equal(machine.which('/usr/sbin/tool'), '/usr/sbin/tool')
    for (const name of ['data', 'folder', 'sh', '', '../sbin/tool']) assert.equal(machine.which(name), undefined, name)
  }))

/** Copies a program with the libraries it needs into a folder, so that it runs there by chroot. */
const plant = async (program: string, root: string): Promise<void> => {
  const machine = liveMachine()
  const path = machine.files.realPath(machine.which(program) ?? '')
  const { stdout } = await machine.ask(['ldd', path], { allowedExitCodes: 'any' })
  for (const library of stdout.match(/\/\S+/g) ?? []) {
    if (existsSync(library)) fsExtra.copySync(library, join(root, library), { dereference: true })
  }
  fsExtra.copySync(path, join(root, 'bin', program), { dereference: true })
}

test('a command of an image runs inside it', { skip: process.geteuid?.() !== 0 && 'chroot needs root' }, () =>
  withMachine('live', async ({ onHost = '' }) => {
    await plant('sh', onHost)
    fsExtra.outputFileSync(join(onHost, 'etc/hostname'), 'image\n')
    const image = imageMachine(onHost)
    const { stdout } = await image.run(['sh', '-c', 'read -r name < /etc/hostname; echo "$name:$PWD:$1"', 'sh', 'a b'])
    assert.equal(stdout, 'image:/:a b\n')
    const inFolder = await image.run(['sh', '-c', 'echo "$PWD" > made'], { cwd: '/etc' })
    assert.equal(inFolder.exitCode, 0)
    assert.equal(readFileSync(join(onHost, 'etc/made'), 'utf8'), '/etc\n')
    assert.equal((await failureOf(image.run(['true-enough']))).exitCode, undefined)
  }),
)

test('a plan records what it would run, and really asks', () =>
  withMachine('live', async ({ machine, at }) => {
    const plan = planMachine(machine).as('runcmd')
    const result = await plan.run(['touch', `${at}/touched`, 'sesame'], { secrets: ['sesame'], input: 'x' })
    assert.deepEqual([result.exitCode, result.stdout], [0, ''])
    assert.equal((await plan.ask(['echo', 'answer'])).stdout, 'answer\n')
    assert.deepEqual(machine.files.list(at), [])
    const argv = ['touch', `${at}/touched`, '<redacted>']
    assert.deepEqual(plan.journal.entries, [{ actor: 'runcmd', kind: 'command', argv, input: true }])
    assert.deepEqual(machine.journal.entries, [])
  }))

test('a made-up machine knows the commands it was told of', async () => {
  const machine = memoryMachine({
    commands: { 'hostname new': '', 'blkid -o export': { exitCode: 2 } },
    onCommand: ([name, path = ''], _options, { files }) => {
      if (name === 'touch') files.write(path, '')
      return name === 'touch' ? {} : undefined
    },
  })
  assert.equal((await machine.run(['hostname', 'new'])).stdout, '')
  assert.equal((await machine.ask(['blkid', '-o', 'export'], { allowedExitCodes: [0, 2] })).exitCode, 2)
  await machine.run(['touch', '/file'])
  assert.equal(machine.files.exists('/file'), true)
  assert.equal((await failureOf(machine.run(['hostname', 'other']))).message.includes('not installed'), true)
  assert.equal((await failureOf(machine.ask(['blkid', '-o', 'export']))).exitCode, 2)
  assert.deepEqual(
    machine.commands.map(({ argv, asked }) => [argv[0], asked]),
    [
      ['hostname', false],
      ['blkid', true],
      ['touch', false],
      ['hostname', false],
      ['blkid', true],
    ],
  )
})

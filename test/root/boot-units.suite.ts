import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'

/**
 * The shell script of the units and the process's side of it, together, in a mount namespace with a /run of its own.
 */
const top = join(import.meta.dirname, '../..')
const unit = join(top, 'config/systemd/boot-unit')

/** Stands for the boot: `stages` is what it does, in JavaScript, with `gates`. */
const program = (folder: string, stages: string): string => {
  const script = join(folder, 'process.mts')
  writeFileSync(
    script,
    `import { openStageGates } from ${JSON.stringify(join(top, 'src/machine/stage-gates.ts'))}
const names = ['init-local', 'init', 'modules-config', 'modules-final']
const gates = openStageGates(names)
${stages}
gates.close()
`,
  )
  const file = join(folder, 'firstlight')
  writeFileSync(
    file,
    `#!/bin/sh\nexec ${process.execPath} --import ${join(top, 'node_modules/tsx/dist/loader.mjs')} ${script}\n`,
  )
  chmodSync(file, 0o755)
  return file
}

/** Runs shell commands with a fresh /run; `unit` is the script. Returns what they print. */
const inFreshRun = (stages: string, commands: string): string => {
  const folder = mkdtempSync(join(tmpdir(), 'firstlight-units-'))
  try {
    const script = `mount -t tmpfs tmpfs /run; unit() { sh ${unit} "$@"; }; ${commands}`
    return execFileSync(
      'unshare',
      ['--mount', '--propagation', 'private', '--pid', '--fork', '--kill-child', 'sh', '-c', script],
      {
        encoding: 'utf8',
        timeout: 60_000,
        env: { ...process.env, FIRSTLIGHT: program(folder, stages) },
      },
    ).trim()
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const inOrder = `for (const name of names) {
  await gates.asked(name)
  console.log('ran ' + name)
  gates.done(name, name === 'modules-config' ? 2 : 0)
}`
const eachUnit = 'for stage in init-local init modules-config modules-final; do unit $stage; echo "$stage $?"; done'

test('each stage runs when its unit says so, and its unit ends with its outcome', () => {
  const printed = inFreshRun(inOrder, `unit main; ${eachUnit}`)
  assert.deepEqual(printed.split('\n'), [
    'ran init-local',
    'init-local 0',
    'ran init',
    'init 0',
    'ran modules-config',
    'modules-config 1',
    'ran modules-final',
    'modules-final 0',
  ])
})

test('a process that is killed in a stage fails the unit that waits, and those that come later', () => {
  const stages = `await gates.asked('init-local'); gates.done('init-local', 0); await gates.asked('init'); process.kill(process.pid, 'SIGKILL')`
  assert.equal(
    inFreshRun(stages, `unit main; { ${eachUnit}; } 2>/dev/null`),
    ['init-local 0', 'init 1', 'modules-config 1', 'modules-final 1'].join('\n'),
  )
})

test('where there is no cloud, all units end at once', () => {
  const stages = 'for (const name of names) gates.done(name, 0)'
  assert.equal(
    inFreshRun(stages, `unit main; ${eachUnit}`),
    ['init-local 0', 'init 0', 'modules-config 0', 'modules-final 0'].join('\n'),
  )
})

test('what a stage leaves running does not hold up the units', () => {
  const stages = `const { spawn } = await import('node:child_process')
spawn('sleep', ['300'], { detached: true, stdio: 'ignore' }).unref()
${inOrder}`
  assert.match(inFreshRun(stages, `unit main; ${eachUnit}`), /modules-final 0$/)
})

test('a unit without the process fails at once', () => {
  assert.equal(inFreshRun('', 'unit init; echo $?'), '1')
})

test('the generator puts the target into the boot, unless the kernel command line says otherwise', () => {
  const folder = mkdtempSync(join(tmpdir(), 'firstlight-generator-'))
  const generator = join(top, 'config/systemd/cloud-init-generator')
  const run = (cmdline: string): string =>
    execFileSync(
      'unshare',
      [
        '--mount',
        '--propagation',
        'private',
        'sh',
        '-c',
        `mount -t tmpfs tmpfs /run; sh ${generator} a ${folder}/early b; ls /run/cloud-init ${folder}/early/* 2>/dev/null; rm -rf ${folder}/early`,
      ],
      { encoding: 'utf8', env: { ...process.env, KERNEL_CMDLINE: cmdline }, timeout: 10_000 },
    )
  try {
    assert.match(run('quiet'), /enabled[\s\S]*cloud-init\.target/)
    assert.doesNotMatch(run('quiet cloud-init=disabled'), /enabled|cloud-init\.target/)
    assert.match(run('cloud-init=disabled cloud-init=enabled'), /cloud-init\.target/)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})

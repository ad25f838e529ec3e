import assert from 'node:assert/strict'
import { test } from 'node:test'
import sshImportId from '../../modules/ssh_import_id.ts'
import type { JsonObject } from '../../src/machine/json.ts'
import type { MemoryOptions } from '../../src/machine/memory.ts'
import { commandLines, complaints, contextFor, debianFiles, madeUpDebian } from './made-up-debian.ts'

const files = {
  '/etc/passwd': `${debianFiles['/etc/passwd']}debian:x:1000:1000::/home/debian:/bin/bash\nada:x:1001:1001::/home/ada:/bin/sh\n`,
}
const sudo = 'sudo --preserve-env=https_proxy -H -u'

const run = async (config: JsonObject, options: MemoryOptions = {}, given: readonly string[] = []) => {
  const machine = madeUpDebian({
    which: ['ssh-import-id', 'sudo'],
    onCommand: (argv) => (argv[0] === 'sudo' ? '' : undefined),
    ...options,
    files: { ...files, ...options.files },
  })
  const context = await contextFor(machine, config, {}, { arguments: given })
  try {
    await sshImportId.run({}, context)
    return { machine, failure: undefined }
  } catch (error) {
    return { machine, failure: error instanceof Error ? error.message : String(error) }
  }
}

test('the top-level names are for the default user, others have their own', async () => {
  const users = ['default', { name: 'ada', ssh_import_id: ['gh:ada'] }, { name: 'root' }]
  const { machine, failure } = await run({ ssh_import_id: ['user', 'lp:user'], users })
  assert.equal(failure, undefined)
  assert.deepEqual(commandLines(machine), [
    `${sudo} ada ssh-import-id gh:ada`,
    `${sudo} debian ssh-import-id user lp:user`,
  ])
})

test('a user and names in the module list come first', async () => {
  const { machine } = await run({ users: ['default'] }, {}, ['ada', 'gh:x'])
  assert.deepEqual(commandLines(machine), [`${sudo} ada ssh-import-id gh:x`])
})

test('a failure is tried once more, reported, and stops nobody else', async () => {
  const users = [
    'default',
    { name: 'ada', ssh_import_id: ['gh:ada'] },
    { name: 'gone', ssh_import_id: ['gh:x'] },
    { name: 'root', ssh_import_id: ['--evil'] },
  ]
  const { machine, failure } = await run(
    { ssh_import_id: ['gh:user'], users },
    { onCommand: (argv) => (argv.includes('ada') ? { exitCode: 1, stderr: 'no network' } : '') },
  )
  assert.equal(commandLines(machine).filter((line) => line.includes('ada')).length, 2)
  assert.ok(commandLines(machine).includes(`${sudo} debian ssh-import-id gh:user`))
  assert.match(failure ?? '', /gh:ada: exit code 1/)
  assert.match(failure ?? '', /user gone does not exist/)
  assert.match(failure ?? '', /"--evil" is not a name/)
})

test('without the tool, or with nothing to do, there is at most a warning', async () => {
  const without = await run({ ssh_import_id: ['gh:user'], users: ['default'] }, { which: ['sudo'] })
  assert.equal(without.failure, undefined)
  assert.match(complaints(without.machine).join(), /ssh-import-id is not installed/)
  assert.deepEqual(complaints((await run({ users: ['default'] }, { which: [] })).machine), [])
})

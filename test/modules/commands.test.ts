import assert from 'node:assert/strict'
import { test } from 'node:test'
import bootcmd from '../../modules/bootcmd.ts'
import runcmd from '../../modules/runcmd.ts'
import scriptsPerBoot from '../../modules/scripts_per_boot.ts'
import scriptsUser from '../../modules/scripts_user.ts'
import scriptsVendor from '../../modules/scripts_vendor.ts'
import { ItemsFailed } from '../../src/machine/errors.ts'
import type { Json } from '../../src/machine/json.ts'
import type { MemoryCommandHandler, MemoryFile } from '../../src/machine/memory.ts'
import { commandLines, complaints, contextFor, madeUpDebian } from './made-up-debian.ts'

const instance = '/var/lib/cloud/instances/i-1'
/** By way of the link. */
const scripts = '/var/lib/cloud/instance/scripts'
const link: MemoryFile = { link: instance }
const script: MemoryFile = { content: '#!/bin/sh\n', mode: 0o755 }

test('runcmd becomes a script that only root reads, and that the final stage runs', async () => {
  const machine = madeUpDebian({ onCommand: () => '', files: { '/var/lib/cloud/instance': link } })
  const config: { runcmd: Json[] } = {
    runcmd: [['ls', '-l', '/'], null, ['sh', '-c', "echo it's $HOME"], 'echo $(date) > /run/x', ['sleep', 1.5, true]],
  }
  const context = await contextFor(machine, config)
  await runcmd.run(config, context)
  const written = machine.tree()[`${instance}/scripts/runcmd`]
  assert.equal(written?.mode, 0o700)
  assert.equal(
    written?.content,
    "#!/bin/sh\n'ls' '-l' '/'\n'sh' '-c' 'echo it'\\''s $HOME'\necho $(date) > /run/x\n'sleep' '1.5' 'true'\n",
  )
  await scriptsUser.run({}, context)
  assert.deepEqual(commandLines(machine), [`${scripts}/runcmd`])
})

test('an item that is no command is reported, and the others run', async () => {
  const machine = madeUpDebian()
  const config = { runcmd: ['echo a', { oops: 1 }, 5, [['nested']], 'echo b'] }
  await assert.rejects(async () => runcmd.run(config, await contextFor(machine, config)), ItemsFailed)
  assert.equal(machine.files.readText(`${instance}/scripts/runcmd`), '#!/bin/sh\necho a\n5\necho b\n')
  assert.match(complaints(machine).join('\n'), /runcmd\[1\].*\n.*runcmd\[3\]/)
})

test('bootcmd runs at once, knows the instance, and leaves nothing behind', async () => {
  let seen = ''
  const machine = madeUpDebian({
    onCommand: ([, file = ''], { env, output }, inside) => {
      seen = `${env?.['INSTANCE_ID']} ${output} ${inside.files.readText(file)}`
      return ''
    },
  })
  const config = { bootcmd: ['echo a', ['mkfs', '/dev/vdb']] }
  await bootcmd.run(config, await contextFor(machine, config))
  assert.equal(seen, "i-1 pass #!/bin/sh\necho a\n'mkfs' '/dev/vdb'\n")
  assert.equal(machine.files.exists('/run/cloud-init/bootcmd'), false)
})

test('a bootcmd that fails is an error, and leaves nothing behind either', async () => {
  const machine = madeUpDebian({ onCommand: () => ({ exitCode: 3 }) })
  const config = { bootcmd: ['false'] }
  await assert.rejects(async () => bootcmd.run(config, await contextFor(machine, config)), /exit/)
  assert.equal(machine.files.exists('/run/cloud-init/bootcmd'), false)
})

test('scripts run in the order of their names; one that fails does not stop the others', async () => {
  const onCommand: MemoryCommandHandler = ([path = '']) => ({ exitCode: path.endsWith('b') ? 1 : 0 })
  const machine = madeUpDebian({
    onCommand,
    files: {
      '/var/lib/cloud/instance': link,
      [`${instance}/scripts/c`]: script,
      [`${instance}/scripts/b`]: script,
      [`${instance}/scripts/a`]: script,
      [`${instance}/scripts/notes`]: 'not executable',
      [`${instance}/scripts/vendor/v`]: script,
    },
  })
  await assert.rejects(async () => scriptsUser.run({}, await contextFor(machine, {})), /scripts\/b/)
  assert.deepEqual(
    commandLines(machine),
    ['a', 'b', 'c'].map((name) => `${scripts}/${name}`),
  )
  assert.match(complaints(machine).join('\n'), /notes is skipped: it is not executable/)
})

test('vendor scripts run by the prefix', async () => {
  for (const [prefix, words] of [
    ['/usr/bin/ltrace', '/usr/bin/ltrace '],
    [['nice', 5], 'nice 5 '],
    [undefined, ''],
  ] as const) {
    const machine = madeUpDebian({
      onCommand: () => '',
      files: { '/var/lib/cloud/instance': link, [`${instance}/scripts/vendor/v`]: script },
    })
    const config = {
      vendor_data: prefix === undefined ? {} : { prefix: typeof prefix === 'string' ? prefix : [...prefix] },
    }
    await scriptsVendor.run(config, await contextFor(machine, config))
    assert.deepEqual(commandLines(machine), [`${words}${scripts}/vendor/v`])
  }
})

test('a folder that is not there has no scripts', async () => {
  const machine = madeUpDebian()
  await scriptsPerBoot.run({}, await contextFor(machine, {}))
  assert.deepEqual(commandLines(machine), [])
})

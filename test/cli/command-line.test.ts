/** The program as it is called: words in, words and an exit code out. Each on a root folder of its own. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { describe, test } from 'node:test'
import { emptyStatus, type StageStatus } from '../../src/boot/status.ts'

const main = join(import.meta.dirname, '../../src/cli/main.ts')
const isRoot = process.getuid?.() === 0

interface Said {
  readonly exitCode: number
  readonly out: string
  readonly error: string
}

const call = (...words: string[]): Promise<Said> =>
  new Promise((resolve) => {
    execFile(process.execPath, ['--import', 'tsx', main, ...words], (error, out, errorOut) => {
      const code = error?.code
      resolve({ exitCode: error === null ? 0 : typeof code === 'number' ? code : -1, out, error: errorOut })
    })
  })

type Tree = Readonly<Record<string, string>>

/** Runs `body` with a folder that holds these files, and removes it. */
const withRoot = async (tree: Tree, body: (root: string) => Promise<void>): Promise<void> => {
  const root = mkdtempSync(join(tmpdir(), 'firstlight-cli-'))
  try {
    for (const [path, content] of Object.entries(tree)) {
      mkdirSync(dirname(join(root, path)), { recursive: true })
      writeFileSync(join(root, path), content)
    }
    await body(root)
  } finally {
    rmSync(root, { recursive: true, force: true })
  }
}

const start = Date.UTC(2025, 0, 1, 12) / 1000

const statusTree = (init: Partial<StageStatus>): Tree => {
  const { stages } = emptyStatus()
  const stage = { ...stages.init, start, finished: start, ...init }
  const v1 = { datasource: 'DataSourceNoCloud [seed=/x]', ...stages, init: stage, stage: null }
  return { 'run/cloud-init/status.json': JSON.stringify({ v1 }), 'run/cloud-init/result.json': '{}' }
}

const instanceData = JSON.stringify({ v1: { cloud_name: 'aws', platform: 'ec2', region: 'eu-1' }, ds: {} })
const instanceTree: Tree = {
  'run/cloud-init/instance-data.json': instanceData,
  'run/cloud-init/instance-data-sensitive.json': instanceData,
}

describe('the command line', { concurrency: 4 }, () => {
  test('--version is the program’s name and version', async () => {
    for (const words of [['--version'], ['--version', '--debug']]) {
      const { exitCode, out } = await call(...words)
      assert.equal(exitCode, 0)
      assert.match(out, /^firstlight \d+\.\d+\.\d+\S*\n$/)
    }
  })

  test('--help names every command, and a command’s help its options', async () => {
    const { exitCode, out } = await call('--help')
    assert.equal(exitCode, 0)
    for (const command of ['try', 'plan', 'changes', 'boot', 'init', 'modules', 'single', 'status', 'query', 'clean'])
      assert.match(out, new RegExp(`^  firstlight ${command}\\b`, 'm'))
    assert.match((await call('status', '--help')).out, /--format/)
  })

  const misunderstood: readonly (readonly [words: readonly string[], told: RegExp])[] = [
    [[], /Name a command/],
    [['frobnicate'], /frobnicate/],
    [['status', '--colour'], /colour/],
    [['status', '--format', 'xml'], /format/],
    [['modules', '--mode', 'nonsense'], /mode/],
    [['single'], /name/],
    [['clean', '--configs', 'nonsense'], /configs/],
  ]
  for (const [words, told] of misunderstood) {
    test(`'${words.join(' ')}' is not understood: exit code 2, and one line that says why`, async () => {
      const { exitCode, out, error } = await call(...words)
      assert.equal(exitCode, 2)
      assert.equal(out, '')
      assert.match(error, /^firstlight: [^\n]*--help[^\n]*\n$/s)
      assert.match(error, told)
    })
  }

  const states: readonly (readonly [name: string, init: Partial<StageStatus>, status: string, exitCode: number])[] = [
    ['went well', {}, 'done', 0],
    ['had an error', { errors: ['ssh: no host keys'] }, 'error', 1],
    ['had warnings', { recoverable_errors: { WARNING: ['careful'] } }, 'done', 2],
  ]
  for (const [name, init, status, exitCode] of states) {
    test(`status of a boot that ${name} is '${status}' in every format, exit code ${exitCode}`, async () => {
      await withRoot(statusTree(init), async (root) => {
        const short = await call('status', '--root', root)
        assert.deepEqual(short, { exitCode, out: `status: ${status}\n`, error: '' })
        const long = await call('status', '--long', '--root', root)
        assert.equal(long.exitCode, exitCode)
        assert.match(long.out, new RegExp(`^status: ${status}\nextended_status: `))
        for (const line of [...(init.errors ?? []), ...Object.values(init.recoverable_errors ?? {}).flat()])
          assert.ok(long.out.includes(`- ${line}\n`), line)
        const json = await call('status', '--format', 'json', '--root', root)
        assert.equal(json.exitCode, exitCode)
        const data: Record<string, unknown> = JSON.parse(json.out)
        assert.equal(data['status'], status)
        assert.deepEqual(data['errors'], init.errors ?? [])
        const yaml = await call('status', '--format=yaml', '--root', root)
        assert.equal(yaml.exitCode, exitCode)
        assert.match(yaml.out, new RegExp(`^status: ${status}$`, 'm'))
      })
    })
  }

  test('status --wait returns at once when the boot has finished', async () => {
    await withRoot(statusTree({}), async (root) => {
      assert.equal((await call('status', '--wait', '--root', root)).out, 'status: done\n')
    })
  })

  test('query answers keys, lists them, fills in templates, and says what is missing', async () => {
    await withRoot(instanceTree, async (root) => {
      const query = (...words: string[]) => call('query', '--root', root, ...words)
      assert.deepEqual(await query('v1.region'), { exitCode: 0, out: 'eu-1\n', error: '' })
      assert.equal((await query('region')).out, 'eu-1\n')
      assert.equal((await query('--list-keys', 'v1')).out, 'cloud_name\nplatform\nregion\n')
      assert.equal((await query('--format', 'in {{ v1.region }}')).out, 'in eu-1\n')
      const missing = await query('v1.planet')
      assert.equal(missing.exitCode, 1)
      assert.equal(missing.out, '')
      assert.match(missing.error, /planet/)
    })
  })

  test('query without instance data is an error of one line', async () => {
    await withRoot({ 'etc/hostname': 'x\n' }, async (root) => {
      const { exitCode, error } = await call('query', '--root', root, 'v1')
      assert.equal(exitCode, 1)
      assert.match(error, /instance-data/)
      assert.doesNotMatch(error, /\n\s+at /)
    })
  })

  test('cloud-id tells the cloud, and whether firstlight has run', async () => {
    await withRoot({ ...statusTree({}), ...instanceTree }, async (root) => {
      assert.deepEqual(await call('cloud-id', '--root', root), { exitCode: 0, out: 'aws\n', error: '' })
    })
    await withRoot({ 'etc/hostname': 'x\n' }, async (root) => {
      assert.deepEqual(await call('cloud-id', '--root', root), { exitCode: 3, out: 'not run\n', error: '' })
    })
  })

  test('clean removes the state of an image, and of its logs and seed what it is told to', async () => {
    const tree: Tree = {
      ...statusTree({}),
      'var/lib/cloud/data/instance-id': 'iid-1\n',
      'var/lib/cloud/seed/nocloud/user-data': '',
      'var/log/cloud-init.log': 'log\n',
      'etc/machine-id': 'abc\n',
    }
    await withRoot(tree, async (root) => {
      const first = await call('clean', '--root', root)
      if (!isRoot) {
        assert.equal(first.exitCode, 1)
        assert.match(first.error, /run it as root/)
        return
      }
      assert.deepEqual(first, { exitCode: 0, out: '', error: '' })
      assert.deepEqual(readdirSync(join(root, 'var/lib/cloud')), ['seed'])
      assert.ok(!existsSync(join(root, 'run/cloud-init')))
      assert.ok(existsSync(join(root, 'var/log/cloud-init.log')))
      await call('clean', '--logs', '--seed', '--machine-id', '--root', root)
      assert.deepEqual(readdirSync(join(root, 'var/lib/cloud')), [])
      assert.ok(!existsSync(join(root, 'var/log/cloud-init.log')))
      assert.equal(readFileSync(join(root, 'etc/machine-id'), 'utf8'), 'uninitialized\n')
    })
  })

  test('plan shows what a boot would do to an image, and does nothing', async () => {
    const tree: Tree = {
      'etc/cloud/cloud.cfg': 'cloud_init_modules: [write_files]\nsystem_info: {distro: debian}\n',
      'etc/passwd': 'root:x:0:0::/root:/bin/sh\n',
      'etc/group': 'root:x:0:\n',
    }
    await withRoot(tree, async (root) => {
      const userData = '#cloud-config\nwrite_files: [{path: /etc/new, content: "line of it\\n"}]\nhostnam: x\n'
      writeFileSync(join(root, 'user-data'), userData)
      const before = readdirSync(root, { recursive: true }).sort()
      const { exitCode, out } = await call('plan', '--root', root, '--user-data', join(root, 'user-data'))
      assert.match(out, /\/etc\/new/)
      assert.match(out, /\+line of it/)
      assert.match(out, /there is no key hostnam; did you mean hostname/)
      // The misspelt key is a mistake in the input.
      assert.equal(exitCode, 2)
      assert.deepEqual(readdirSync(root, { recursive: true }).sort(), before)
    })
  })

  test('changes of a machine that never booted are none, and it says so', async () => {
    await withRoot({ 'etc/hostname': 'x\n' }, async (root) => {
      const { exitCode, error } = await call('changes', '--root', root)
      assert.equal(exitCode, 1)
      assert.match(error, /No boot has been recorded/)
    })
  })

  test('a root folder that does not exist is an error of one line', async () => {
    const { exitCode, error } = await call('status', '--root', '/nowhere/at/all')
    assert.equal(exitCode, 1)
    assert.match(error, /^firstlight: [^\n]*\/nowhere\/at\/all[^\n]*\n$/)
  })
})

/**
 * A boot that is ended by SIGKILL at any operation, and begins again, ends as one that nobody disturbed: for real, in
 * throw-away copies of a small Debian. Needs root; build-roots makes the Debian (and needs mmdebstrap for it).
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { copyFileSync, existsSync, lstatSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { type RootCopy, rootFolder, withCopyOf } from '../peer/container.ts'

const points = Number(process.env['KILL_POINTS'] ?? 20)

const top = join(import.meta.dirname, '../..')
const isInstalled = (command: string): boolean => spawnSync('sh', ['-c', `command -v ${command}`]).status === 0

const reasonToSkip = (): string | false => {
  if (process.getuid?.() !== 0) return 'it needs root'
  if (!existsSync(join(top, 'dist/firstlight.cjs'))) return 'there is no dist/: run npm run build'
  if (!isInstalled('unshare')) return 'not installed: unshare'
  const built = spawnSync('bash', [join(top, 'test/peer/build-roots')], { encoding: 'utf8' })
  return built.status === 0 ? false : `the Debian root can't be built: ${built.stderr.trim().split('\n').at(-1)}`
}
const skip = reasonToSkip()
if (skip) console.log(`kill: skipped: ${skip}`)

const key = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAILi03nuJkaMDM4BMt3eeUGy5f5mJALrPb2iGgva7gwYs grace@example.test'

const userData = `#cloud-config
hostname: web-1
fqdn: web-1.example.test
manage_etc_hosts: true
timezone: Europe/Berlin
locale: C.UTF-8
ssh_genkeytypes: [ed25519]
ssh_authorized_keys: ["${key}"]
ssh_pwauth: true
groups: [crew: [root]]
users:
  - default
  - {name: ada, groups: [adm, crew], shell: /bin/bash, sudo: "ALL=(ALL) NOPASSWD:ALL", ssh_authorized_keys: ["${key}"]}
  - {name: bob, shell: /bin/bash, lock_passwd: false, passwd: "$6$salt$hash"}
write_files:
  - {path: /etc/one, content: "one\\n"}
  - {path: /srv/deep/folder/two, content: "two\\n", owner: "games:adm", permissions: "0640"}
  - {path: /etc/motd, content: "appended\\n", append: true}
  - {path: /usr/local/bin/three, content: "#!/bin/sh\\necho three\\n", permissions: "0755"}
  - {path: /home/ada/notes, content: "late\\n", owner: "ada:ada", defer: true}
bootcmd: [echo early > /srv/early]
runcmd:
  - echo hello > /srv/hello
  - [mkdir, -p, /srv/made]
`
const seed = {
  'var/lib/cloud/seed/nocloud/meta-data': 'instance-id: iid-1\nlocal-hostname: web-meta\n',
  'var/lib/cloud/seed/nocloud/user-data': userData,
  'etc/cloud/cloud.cfg.d/95-kill.cfg': 'datasource_list: [NoCloud, None]\nnetwork: {config: disabled}\n',
}

interface KillOrders {
  readonly at?: number
  readonly path?: string
  readonly after?: boolean
}

const boot = (copy: RootCopy, orders: KillOrders): { readonly status: number | null; readonly output: string } => {
  writeFileSync(join(copy.merged, 'kill.json'), JSON.stringify(orders))
  const node = ['/usr/local/bin/node', '--require', '/kill-hook.cjs', '/opt/firstlight/firstlight.cjs', 'boot']
  // Not as process 1, which the kernel does not let be killed. When the shell ends, all that is left is killed, too.
  return copy.run(['sh', '-c', '"$@"; exit $?', 'sh', ...node])
}

const killed = 128 + 9

const inCopy = <T>(use: (copy: RootCopy) => T): T =>
  withCopyOf('plain', seed, (copy) => {
    copyFileSync(join(import.meta.dirname, 'kill-hook.cjs'), join(copy.merged, 'kill-hook.cjs'))
    return use(copy)
  })

/** Logs, caches and what the test itself puts there; and what tells of the boot before. */
const leftOut = [
  /^\/(run|dev|proc|sys|tmp|opt\/firstlight|var\/log|var\/cache|var\/tmp)(\/|$)/,
  /^\/(kill\.json|kill-hook\.cjs|operations)$/,
  /^\/usr\/local\/bin\/node$/,
  /^\/var\/lib\/cloud\/data\/(changes\.jsonl|previous-instance-id|previous-datasource)$/,
  // Notes for the case that a run is cut off; the marks say that it was not.
  /^\/var\/lib\/cloud\/instances\/[^/]+\/[^/]+(-appended\.json|\.unfinished)$/,
  // Backups of the account tools, one change behind.
  /^\/etc\/(passwd|shadow|group|gshadow|subuid|subgid)-$/,
]
/** Generated, or a time: only that it is there, and its mode and owner, can be compared. */
const generated = [/^\/etc\/ssh\/ssh_host_/, /\/sem\//, /\/boot-finished$/, /^\/etc\/machine-id$/]

const matches = (patterns: readonly RegExp[], path: string): boolean => patterns.some((pattern) => pattern.test(path))

const contentOf = (host: string, path: string): string => {
  if (matches(generated, path)) return 'generated'
  const content = readFileSync(host)
  if (/\/data\/status\.json$/.test(path)) return content.toString().replace(/"(start|finished)": [0-9.]+/g, '"$1"')
  return content.length > 2000 ? createHash('sha256').update(content).digest('hex') : content.toString()
}

const describePath = (root: string, path: string): string => {
  const host = join(root, path)
  const stats = lstatSync(host, { throwIfNoEntry: false })
  if (!stats) return 'missing'
  const attributes = `${(stats.mode & 0o7777).toString(8)} ${stats.uid}:${stats.gid}`
  if (stats.isSymbolicLink()) return `link to ${readlinkSync(host)}`
  if (stats.isDirectory()) return `folder ${attributes}`
  return stats.isFile() ? `file ${attributes} ${contentOf(host, path)}` : `other ${attributes}`
}

const pathsBelow = (root: string, folder = ''): string[] =>
  readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`
    if (matches(leftOut, path)) return []
    return entry.isDirectory() ? [path, ...pathsBelow(root, path)] : [path]
  })

/** All that was changed in a copy. */
const endOf = ({ merged, upper }: RootCopy): Map<string, string> =>
  new Map(pathsBelow(upper).map((path) => [path, describePath(merged, path)]))

const differences = (copy: RootCopy, expected: ReadonlyMap<string, string>): string[] => {
  const actual = endOf(copy)
  return [...new Set([...expected.keys(), ...actual.keys()])].flatMap((path) => {
    const is = describePath(copy.merged, path)
    const ought = expected.get(path) ?? describePath(rootFolder('plain'), path)
    return is === ought ? [] : [`${path}: ${is}, and not ${ought}`]
  })
}

const resumes = (orders: KillOrders, expected: ReadonlyMap<string, string>): void =>
  inCopy((copy) => {
    const first = boot(copy, orders)
    assert.equal(first.status, killed, `it was not killed: ${first.output}`)
    const next = boot(copy, {})
    assert.equal(next.status, 0, next.output)
    assert.deepEqual(differences(copy, expected), [])
  })

if (skip) {
  test('a boot that is killed ends as an undisturbed one after the next', { skip }, () => undefined)
} else {
  const { expected, operations } = inCopy((copy) => {
    const { status, output } = boot(copy, {})
    assert.equal(status, 0, output)
    const { stdout } = {
      stdout: copy.run(['/usr/local/bin/node', '/opt/firstlight/firstlight.cjs', '--version']).output,
    }
    assert.match(stdout, /\d/)
    return { expected: endOf(copy), operations: Number(readFileSync(join(copy.merged, 'operations'), 'utf8')) }
  })
  console.log(`an undisturbed boot has ${operations} operations and leaves ${expected.size} paths changed`)

  test('an undisturbed boot does what the user-data says, without a complaint', () => {
    assert.match(expected.get('/etc/passwd') ?? '', /^ada:.*\nbob:.*\ndebian:/m)
    assert.match(expected.get('/etc/motd') ?? '', /appended\n$/)
    assert.match(expected.get('/home/ada/notes') ?? '', /late/)
    assert.match(expected.get('/srv/hello') ?? '', /hello/)
    const status = expected.get('/var/lib/cloud/data/status.json') ?? ''
    assert.doesNotMatch(status, /WARNING|ERROR/)
  })

  for (let point = 0; point < points; point += 1) {
    const at = 1 + Math.floor(((point + 0.5) * operations) / points)
    const after = point % 2 === 1
    const where = `${after ? 'after' : 'before'} operation ${at} of ${operations}`
    test(`a boot that is killed ${where} ends as an undisturbed one after the next`, () => {
      resumes({ at, after }, expected)
    })
  }

  const state = '/var/lib/cloud'
  const whileBecoming: Readonly<Record<string, string>> = {
    'when the folder of the instance is there': `${state}/instances/iid-1`,
    'when it is known what the datasource said': `${state}/instances/iid-1/datasource.json`,
    'when the link to the instance is there': `${state}/instance`,
    'before the note of the instance id': `${state}/data/previous-instance-id`,
    'when all of the instance is noted': `${state}/data/instance-id`,
  }
  for (const [when, path] of Object.entries(whileBecoming)) {
    test(`a boot that is killed ${when} ends as an undisturbed one after the next`, () => {
      resumes({ path, after: true }, expected)
    })
  }
}

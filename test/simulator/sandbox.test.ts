import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { lstatSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { runInSandbox, type SandboxOptions, type SandboxResult } from '../../src/simulator/sandbox.ts'

const loader = createRequire(import.meta.url).resolve('tsx')
const repository = join(import.meta.dirname, '../..')
const insideMain = join(import.meta.dirname, 'inside-main.ts')

/** Runs a shell script where a boot would run. Skips the test, with the reason, where no sandbox is allowed. */
const sandboxed = async (
  context: TestContext,
  script: string,
  options: Partial<SandboxOptions> = {},
): Promise<SandboxResult | undefined> => {
  const result = await runInSandbox({
    cloud: 'ec2',
    firstlight: [process.execPath],
    inside: [process.execPath, '--import', loader, insideMain],
    command: ['sh', '-c', script],
    visible: [repository],
    timeoutSeconds: 60,
    ...options,
  })
  if (result.ran) return result
  console.log(`# no sandbox here: ${result.reason}`)
  context.skip(result.reason)
  return undefined
}

const describe = (path: string): string => {
  const stat = lstatSync(path)
  const facts = [stat.mode.toString(8), stat.uid, stat.gid, stat.size, stat.mtimeMs, stat.ctimeMs]
  if (stat.isSymbolicLink()) return `${readlinkSync(path)} ${facts.join(' ')}`
  if (!stat.isFile() || stat.size > 1024 * 1024) return facts.join(' ')
  return `${createHash('sha256').update(readFileSync(path)).digest('hex')} ${facts.join(' ')}`
}

/** Content, times, modes and owners of everything in a folder that can be read. */
const census = (folder: string, found = new Map<string, string>()): Map<string, string> => {
  for (const name of readdirSync(folder)) {
    const path = join(folder, name)
    try {
      found.set(path, describe(path))
      if (lstatSync(path).isDirectory()) census(path, found)
    } catch {
      // Another user's, or gone meanwhile.
    }
  }
  return found
}

const differencesOf = (before: Map<string, string>, after: Map<string, string>): string[] =>
  [...new Set([...before.keys(), ...after.keys()])].filter((path) => before.get(path) !== after.get(path))

const watched = ['/etc', '/home', '/opt', '/srv', '/usr/local/bin', '/usr/sbin', '/var/lib']

const takeCensus = (): Map<string, string> => {
  const found = new Map<string, string>()
  for (const folder of watched) census(folder, found)
  for (const device of readdirSync('/dev')) {
    const { mode, uid, gid } = lstatSync(join('/dev', device))
    found.set(`/dev/${device}`, `${mode} ${uid} ${gid}`)
  }
  return found
}

const wrecking = `
  useradd -m intruder; echo intruder ALL > /etc/sudoers.d/intruder
  rm -rf /etc/* /home/* /var/lib/* /opt/* /srv/* 2>/dev/null
  mkdir -p /etc /root/.ssh; echo key > /root/.ssh/authorized_keys; echo x > /etc/passwd; echo x > /boot/x; echo x > /new-at-top
  chmod 600 /dev/null /dev/zero; chown 1:1 /dev/null
  hostname intruder; date -s 2001-01-01
  mknod /tmp/disk b 8 0; mknod /dev/disk b 254 0; mount -t devtmpfs none /mnt; mount -t sysfs none /mnt; mount -t proc none /mnt
  mount -o remount,rw /proc; umount /proc; echo 1 > /proc/sys/kernel/panic; echo b > /proc/sysrq-trigger
  kill -9 1; reboot -f; systemctl poweroff; shutdown -h now
  sleep 1000 &
  exit 0`

test('a boot that tears everything down leaves this machine as it was', async (context) => {
  const hostname = readFileSync('/proc/sys/kernel/hostname', 'utf8')
  const wreck = async (): Promise<string[] | undefined> => {
    const before = takeCensus()
    const result = await sandboxed(context, wrecking)
    if (!result) return undefined
    assert.equal(result.exitCode, 0)
    assert.ok(result.changes.some(({ path }) => path === '/etc/passwd'))
    return differencesOf(before, takeCensus())
  }
  const changed = await wreck()
  if (!changed) return
  // Others may be at work on this machine; what the sandbox does, it does each time.
  const changedAgain = changed.length > 0 ? ((await wreck()) ?? []) : []
  assert.deepEqual(
    changed.filter((path) => changedAgain.includes(path)),
    [],
  )
  assert.equal(readFileSync('/proc/sys/kernel/hostname', 'utf8'), hostname)
})

test('nothing in the sandbox leads out of it', async (context) => {
  const result = await sandboxed(
    context,
    `
    cat /proc/1/environ /proc/1/root/etc/hostname >/dev/null 2>&1 && echo "LEAK process 1"
    for node in /dev/*; do [ -b "$node" ] && echo "LEAK $node"; done
    find / -xdev -maxdepth 2 -type s 2>/dev/null | sed 's/^/LEAK /'
    mknod /root/disk b 8 0 2>/dev/null && dd if=/root/disk of=/root/x count=1 2>/dev/null && echo "LEAK block device"
    mkdir -p /root/m
    for type in proc sysfs devtmpfs debugfs; do mount -t $type none /root/m 2>/dev/null && echo "LEAK $type"; done
    for file in /proc/sys/kernel/panic /proc/sys/vm/swappiness /sys/class/net/lo/mtu; do
      (: >> $file) 2>/dev/null && echo "LEAK $file"; done
    date -s 2001-01-01 >/dev/null 2>&1 && echo "LEAK clock"
    [ -z "$(ls /sys/class/block | grep -v sr0)" ] || echo "LEAK disks in /sys"
    [ "$(ls /proc | grep -c '^[0-9]')" -lt 12 ] || echo "LEAK processes"
    exit 0`,
  )
  if (!result) return
  assert.deepEqual(
    result.output.split('\n').filter((line) => line.startsWith('LEAK')),
    [],
  )
})

test('the machine inside is on its cloud: DMI, kernel command line, links, disks, the metadata address', async (context) => {
  const result = await sandboxed(
    context,
    `
    echo "vendor $(cat /sys/class/dmi/id/sys_vendor)"; echo "links $(ls /sys/class/net | xargs)"
    echo "driver $(basename $(readlink /sys/class/net/eth0/device/driver))"; cat /proc/cmdline
    echo "virt $(systemd-detect-virt)"; echo "disk $(blkid -c /dev/null -o export | grep LABEL)"
    grep -q '^/dev/sr0 .* tmpfs ro' /proc/mounts && echo "media $(grep -o 'HostName>[a-z0-9-]*' /run/firstlight-try/disk0/ovf-env.xml)"`,
    { cloud: 'azure', hostname: 'box' },
  )
  if (!result) return
  const lines = result.output.split('\n')
  for (const expected of [
    'vendor Microsoft Corporation',
    'links eth0 lo',
    'driver hv_netvsc',
    'virt microsoft',
    'disk LABEL=rd_rdfe_stable.161212-1209',
    'media HostName>box',
  ]) {
    assert.ok(lines.includes(expected), `${expected} in ${result.output}`)
  }
})

test('what happened is told: events as they come, requests, files, users, commands that were only written down', async (context) => {
  const asked = `
    const { request } = require('node:http')
    const headers = { 'X-aws-ec2-metadata-token-ttl-seconds': '60' }
    request('http://169.254.169.254/latest/api/token', { method: 'PUT', headers }, (answer) => answer.resume()).end()`
  const seen: string[] = []
  const keep = join(mkdtempSync(join(tmpdir(), 'firstlight-test-')), 'kept')
  context.after(() => rmSync(join(keep, '..'), { recursive: true, force: true }))
  const result = await sandboxed(
    context,
    `
    echo '{"type":"stage","stage":"init","state":"start"}' >&3
    echo '{"type":"module","stage":"init","module":"users_groups","state":"done","seconds":0.1}' >&3
    echo 'not an event' >&3
    useradd -m -G users ada; rm /etc/hostname; echo secret > /etc/own; chmod 600 /etc/own; ln -s own /etc/link
    systemctl restart ssh; apt-get install -y 'two words'; reboot
    ${process.execPath} -e '${asked.replaceAll("'", '"')}'; exit 3`,
    { onEvent: ({ stage, module, state }) => seen.push(`${stage} ${module ?? ''} ${state}`), keep },
  )
  if (!result) return
  assert.equal(result.exitCode, 3)
  assert.deepEqual(seen, ['init  start', 'init users_groups done'])
  assert.equal(result.events.length, 2)
  assert.deepEqual(result.users, [
    { name: 'ada', userId: result.users[0]?.userId, home: '/home/ada', shell: '/bin/sh', groups: ['users'] },
  ])
  const withheld = result.withheldCommands.map((words) => words.join(' '))
  for (const command of ['systemctl restart ssh', 'apt-get install -y two words', 'reboot']) {
    // Only what this machine has installed is stood in for.
    if (withheld.some((line) => line.startsWith(command.split(' ', 1)[0] ?? ''))) assert.ok(withheld.includes(command))
  }
  const changeOf = (path: string) => result.changes.find((change) => change.path === path)
  assert.equal(changeOf('/etc/hostname')?.change, 'removed')
  assert.deepEqual(changeOf('/etc/own'), {
    path: '/etc/own',
    change: 'created',
    type: 'file',
    mode: 0o600,
    size: 7,
    isSecret: true,
    after: 'secret\n',
  })
  assert.equal(changeOf('/etc/link')?.target, 'own')
  assert.match(changeOf('/etc/passwd')?.after ?? '', /^ada:/m)
  assert.deepEqual(
    result.requests.map(({ method, url, status }) => `${method} ${url} ${status}`),
    ['PUT /latest/api/token 200'],
  )
  assert.equal(readFileSync(join(keep, 'etc/own'), 'utf8'), 'secret\n')
})

test('a boot that does not end is ended, and what it did so far is told', async (context) => {
  const result = await sandboxed(context, 'echo begun > /etc/begun; sleep 1000', { timeoutSeconds: 2 })
  if (!result) return
  assert.equal(result.isTimedOut, true)
  assert.ok(result.changes.some(({ path }) => path === '/etc/begun'))
})

test('a cloud can misbehave in the sandbox', async (context) => {
  const asked =
    "require('node:http').get('http://169.254.169.254/x', (answer) => console.log('status', answer.statusCode))"
  const fault = { kind: 'status', status: 418, paths: /x/ } as const
  const result = await sandboxed(context, `${process.execPath} -e "${asked}"`, { fault })
  if (!result) return
  assert.match(result.output, /status 418/)
})

/** A full disk and a read-only root, for real, in throw-away copies of a small Debian. Needs root. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { withCopyOf } from '../peer/container.ts'

const top = join(import.meta.dirname, '../..')

const reasonToSkip = (): string | false => {
  if (process.getuid?.() !== 0) return 'it needs root'
  if (!existsSync(join(top, 'dist/firstlight.cjs'))) return 'there is no dist/: run npm run build'
  const built = spawnSync('bash', [join(top, 'test/peer/build-roots')], { encoding: 'utf8' })
  return built.status === 0 ? false : `the Debian root can't be built: ${built.stderr.trim().split('\n').at(-1)}`
}
const skip = reasonToSkip()
if (skip) console.log(`bad-disk: skipped: ${skip}`)

const userData = `#cloud-config
ssh_genkeytypes: [ed25519]
users: [default, {name: ada}]
write_files: [{path: /etc/good, content: good}]
runcmd: [touch /run/ran]
`
const seed = {
  'var/lib/cloud/seed/nocloud/meta-data': 'instance-id: iid-1\n',
  'var/lib/cloud/seed/nocloud/user-data': userData,
  'etc/cloud/cloud.cfg.d/95-disk.cfg': 'datasource_list: [NoCloud, None]\nnetwork: {config: disabled}\n',
  'etc/ssh/ssh_host_ed25519_key': 'private of the image\n',
}

const firstlight = 'node /opt/firstlight/firstlight.cjs'

/** Boots after `preparation`, and tells what `status` and `questions` say. */
const boot = (preparation: string, questions: string): string =>
  withCopyOf('plain', seed, (copy) => {
    const script = `set -e; export PATH=/usr/local/bin:$PATH; ${preparation}
${firstlight} boot >/run/output 2>&1 || true
${firstlight} status --long || true
${questions}`
    return copy.run(['sh', '-c', script]).output
  })

const inRun = /^\t- the state of this boot is in \/run\/cloud-init\/state, .*cannot write \/var\/lib\/cloud/m

test('a root that is read-only: the boot ends, each thing that was not done is told, sshd keeps its keys', {
  skip,
}, () => {
  const said = boot(
    'mount -o remount,bind,ro /; ! touch /x 2>/dev/null',
    'cat /etc/ssh/ssh_host_ed25519_key; ls /run/ran',
  )
  assert.match(said, /^status: error$/m)
  assert.match(said, inRun)
  assert.match(said, /write_files\[0\] \(\/etc\/good\): cannot write \/etc\/good: the file system is read-only/)
  assert.match(said, /^private of the image$/m)
  assert.match(said, /^\/run\/ran$/m)
})

test('a full /var/lib/cloud: the state goes to /run, and all is done', { skip }, () => {
  const fill = [
    'mkdir /t',
    'cp -a /var/lib/cloud /t/',
    'mount -t tmpfs -o size=100k tmpfs /var/lib/cloud',
    'cp -a /t/cloud/. /var/lib/cloud/',
    'dd if=/dev/zero of=/var/lib/cloud/fill bs=1k 2>/dev/null || true',
  ].join('; ')
  const said = boot(fill, 'cat /etc/good; id debian; id ada; ls /run/ran; head -1 /etc/ssh/ssh_host_ed25519_key')
  assert.match(said, /^status: done$/m)
  assert.match(said, inRun)
  assert.match(said, /^gooduid=\d+\(debian\)/m)
  assert.match(said, /^uid=\d+\(ada\)/m)
  assert.match(said, /^\/run\/ran$/m)
  assert.match(said, /^-----BEGIN OPENSSH PRIVATE KEY-----$/m)
})

import assert from 'node:assert/strict'
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { build } from 'esbuild'
import type { CloudName } from '../../src/simulator/index.ts'
import { runInSandbox } from '../../src/simulator/sandbox.ts'

const repository = join(import.meta.dirname, '../..')
const folder = mkdtempSync(join(tmpdir(), 'firstlight-test-'))
after(() => rmSync(folder, { recursive: true, force: true }))

/** The program as one file with its configuration beside it: it starts faster than from source. */
const bundled = build({
  entryPoints: [join(repository, 'src/cli/main.ts')],
  outfile: join(folder, 'firstlight.cjs'),
  bundle: true,
  platform: 'node',
  format: 'cjs',
  supported: { 'dynamic-import': false },
  banner: { js: 'const importMetaUrl = require("node:url").pathToFileURL(__filename).href;' },
  define: { 'import.meta.url': 'importMetaUrl', FIRSTLIGHT_VERSION: '"test"' },
  logLevel: 'warning',
}).then(() => cpSync(join(repository, 'config'), join(folder, 'config'), { recursive: true }))

const userData = `#cloud-config
users:
  - default
  - name: grace
    groups: [users]
    shell: /bin/sh
write_files:
  - path: /etc/motd
    content: welcome
    permissions: '0640'
runcmd:
  - [sh, -c, 'hostname > /root/ran']
`

/** The default user, on Azure the one that the cloud names. */
const clouds: readonly (readonly [CloudName, string])[] = [
  ['gce', 'debian'],
  ['ec2', 'debian'],
  ['digitalocean', 'debian'],
  ['azure', 'azureuser'],
  ['openstack', 'debian'],
  ['nocloud', 'debian'],
]

for (const [cloud, defaultUser] of clouds) {
  test(`a whole boot on ${cloud}: users, files and commands of the user-data, the cloud's name and keys`, async (context) => {
    await bundled
    const result = await runInSandbox({
      cloud,
      userData,
      hostname: 'box',
      firstlight: [process.execPath, join(folder, 'firstlight.cjs')],
      files: { '/etc/hostname': 'image\n' },
    })
    if (!result.ran) {
      console.log(`# no sandbox here: ${result.reason}`)
      context.skip(result.reason)
      return
    }
    const content = (path: string): string | undefined => result.changes.find((change) => change.path === path)?.after
    assert.equal(result.exitCode, 0, result.log)
    assert.deepEqual(
      result.events.filter(({ state }) => state === 'failed'),
      [],
    )
    assert.deepEqual(result.users.map(({ name }) => name).sort(), [defaultUser, 'grace'].sort())
    assert.equal(content('/etc/motd'), 'welcome')
    assert.equal(content('/root/ran'), 'box\n')
    assert.match(content(`/home/${defaultUser}/.ssh/authorized_keys`) ?? '', /ssh-ed25519 AAAAC3\S+ ada@example\.test/)
    assert.match(JSON.stringify(result.status), new RegExp(cloud === 'openstack' ? 'ConfigDrive' : cloud, 'i'))
  })
}

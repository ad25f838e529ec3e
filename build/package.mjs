// `npm run package`: dist/firstlight_<version>_amd64.deb, with the Node that runs this script inside (docs/packaging.md).
import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { gzipSync } from 'node:zlib'

const top = join(import.meta.dirname, '..')
const dist = join(top, 'dist')
const { version } = JSON.parse(readFileSync(join(top, 'package.json'), 'utf8'))
const architecture = { x64: 'amd64', arm64: 'arm64' }[process.arch]
if (architecture === undefined) throw new Error(`no Debian architecture is known for ${process.arch}`)

const work = mkdtempSync(join(tmpdir(), 'firstlight-package-'))
chmodSync(work, 0o755)
const root = join(work, 'root')
const at = (path) => {
  mkdirSync(dirname(join(root, path)), { recursive: true })
  return join(root, path)
}
const run = (command, words) => execFileSync(command, words, { cwd: top, stdio: ['ignore', 'ignore', 'inherit'] })
const place = (from, to, mode = 0o644) => {
  copyFileSync(join(top, from), at(to))
  chmodSync(at(to), mode)
}
const write = (to, text, mode = 0o644) => writeFileSync(at(to), text, { mode })
const link = (target, path) => symlinkSync(target, at(path))

const program = () => {
  const built = join(work, 'built')
  execFileSync('npm', ['run', '--silent', 'generate'], { cwd: top, stdio: 'inherit' })
  run(process.execPath, [join(top, 'build/bundle.mjs'), built])
  const home = 'usr/lib/firstlight'
  // The kernel starts our own Node for it: no shell, no PATH.
  const launcher = readFileSync(join(built, 'firstlight.cjs'), 'utf8').replace(/^#!.*/, `#!/${home}/node`)
  write(`${home}/firstlight.cjs`, launcher, 0o755)
  for (const name of ['engine.cjs', 'engine.cache']) {
    copyFileSync(join(built, name), at(`${home}/${name}`))
  }
  run('strip', ['-o', at(`${home}/node`), process.execPath])
  chmodSync(at(`${home}/node`), 0o755)
  place('config/cloud.cfg', `${home}/config/cloud.cfg`)
  place('config/systemd/boot-unit', `${home}/boot-unit`, 0o755)
  for (const name of ['firstlight', 'cloud-init', 'cloud-id'])
    link(`../lib/firstlight/firstlight.cjs`, `usr/bin/${name}`)
  place('config/package/cloud-init-per', 'usr/bin/cloud-init-per', 0o755)
}

const configuration = () => {
  place('config/cloud.cfg', 'etc/cloud/cloud.cfg')
  place('config/package/cloud.cfg.d-README', 'etc/cloud/cloud.cfg.d/README')
  place('config/package/clean.d-README', 'etc/cloud/clean.d/README')
  for (const name of readdirSync(join(top, 'config/templates')))
    place(`config/templates/${name}`, `etc/cloud/templates/${name}`)
}

const system = () => {
  const units = 'usr/lib/systemd/system'
  for (const name of readdirSync(join(top, 'config/systemd')).filter((name) => /\.(service|socket|target)$/.test(name)))
    place(`config/systemd/${name}`, `${units}/${name}`)
  // The network stage's name before cloud-init 24.3, which others' units are ordered by.
  link('cloud-init-network.service', `${units}/cloud-init.service`)
  place('config/systemd/cloud-init-generator', 'usr/lib/systemd/system-generators/cloud-init-generator', 0o755)
  place('config/package/tmpfiles.conf', 'usr/lib/tmpfiles.d/cloud-init.conf')
  for (const name of ['66-firstlight-azure.rules', '90-firstlight-hotplug.rules'])
    place(`config/package/${name}`, `usr/lib/udev/rules.d/${name}`)
  // cloud-init's place: rules of udev that are there already call it.
  place('config/package/hook-hotplug', 'usr/lib/cloud-init/hook-hotplug', 0o755)
  place('config/package/completion.bash', 'usr/share/bash-completion/completions/firstlight')
  for (const name of ['cloud-init', 'cloud-id']) link('firstlight', `usr/share/bash-completion/completions/${name}`)
}

const documentation = () => {
  const manual = gzipSync(readFileSync(join(top, 'config/package/firstlight.8')), { level: 9 })
  write('usr/share/man/man8/firstlight.8.gz', manual)
  for (const name of ['cloud-init', 'cloud-id', 'cloud-init-per'])
    link('firstlight.8.gz', `usr/share/man/man8/${name}.8.gz`)
  const doc = 'usr/share/doc/firstlight'
  place('config/package/copyright', `${doc}/copyright`)
  const seconds = Number(process.env.SOURCE_DATE_EPOCH ?? Math.floor(Date.now() / 1000))
  const date = new Date(seconds * 1000).toUTCString().replace('GMT', '+0000')
  const entry = `firstlight (${version}) stable; urgency=medium\n\n  * New release.\n\n -- ${maintainer}  ${date}\n`
  write(`${doc}/changelog.gz`, gzipSync(entry, { level: 9 }))
  const licenses = [join(dirname(process.execPath), '../LICENSE'), '/usr/share/doc/nodejs/LICENSE']
  const license = licenses.find((path) => existsSync(path) && /Node\.js/.test(readFileSync(path, 'utf8').slice(0, 400)))
  if (license) write(`${doc}/LICENSE.node.gz`, gzipSync(readFileSync(license), { level: 9 }))
  place('config/package/lintian-overrides', 'usr/share/lintian/overrides/firstlight')
}

const maintainer = 'The firstlight authors <firstlight@example.org>'

const kilobytes = (folder) =>
  readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + Math.ceil(statSync(join(entry.parentPath ?? entry.path, entry.name)).size / 1024), 0)

const control = () => {
  const conffiles = readdirSync(join(root, 'etc'), { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => `/${join(entry.parentPath ?? entry.path, entry.name).slice(root.length + 1)}`)
    .sort()
  const fields = {
    Package: 'firstlight',
    Version: version,
    Architecture: architecture,
    Maintainer: maintainer,
    'Installed-Size': kilobytes(root),
    Depends: 'libc6 (>= 2.28), libgcc-s1, libstdc++6 (>= 9)',
    Recommends:
      'cloud-guest-utils | fdisk, e2fsprogs, iproute2, isc-dhcp-client | dhcpcd-base | udhcpc, openssh-server, sudo',
    Provides: 'cloud-init',
    Conflicts: 'cloud-init',
    Replaces: 'cloud-init',
    Section: 'admin',
    Priority: 'optional',
    Description: [
      'drop-in replacement for cloud-init',
      ' At boot, firstlight finds out which cloud the machine runs on, reads what the',
      ' cloud and the user say the machine should be, and makes it so: the same',
      ' configuration, user-data, commands, state and unit names as cloud-init.',
      ' .',
      ' It carries its own run time and needs no interpreter on the image.',
    ].join('\n'),
  }
  write(
    'DEBIAN/control',
    `${Object.entries(fields)
      .map(([name, value]) => `${name}: ${value}`)
      .join('\n')}\n`,
  )
  write('DEBIAN/conffiles', `${conffiles.join('\n')}\n`)
  const sums = execFileSync('sh', ['-c', "find . -type f ! -path './DEBIAN/*' -printf '%P\\n' | sort | xargs md5sum"], {
    cwd: root,
  })
  write('DEBIAN/md5sums', sums)
  const kept = conffiles.map(
    (path) => `keep ${path} <<'FIRSTLIGHT_END'\n${readFileSync(join(root, path), 'utf8')}FIRSTLIGHT_END\n`,
  )
  write('DEBIAN/preinst', `${readFileSync(join(top, 'config/package/preinst'), 'utf8')}${kept.join('')}`, 0o755)
  for (const name of ['postinst', 'postrm']) place(`config/package/${name}`, `DEBIAN/${name}`, 0o755)
}

try {
  for (const step of [program, configuration, system, documentation, control]) step()
  execFileSync('find', [root, '-type', 'd', '-exec', 'chmod', '0755', '{}', '+'])
  mkdirSync(dist, { recursive: true })
  const file = join(dist, `firstlight_${version}_${architecture}.deb`)
  execFileSync('dpkg-deb', ['--root-owner-group', '-Zxz', '--build', root, file], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const installed = kilobytes(root) / 1024
  console.log(`${file}: ${(statSync(file).size / 2 ** 20).toFixed(1)} MiB, installed ${installed.toFixed(1)} MiB`)
} finally {
  rmSync(work, { recursive: true, force: true })
}

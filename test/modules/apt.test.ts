import assert from 'node:assert/strict'
import { test } from 'node:test'
import aptConfigure from '../../modules/apt_configure/index.ts'
import { isDeb822, suiteNames, withoutSuites } from '../../modules/apt_configure/suites.ts'
import aptPipelining from '../../modules/apt_pipelining.ts'
import type { ModuleContext } from '../../src/cloudconfig/module.ts'
import { loadDistro } from '../../src/distros/index.ts'
import type { InstanceData } from '../../src/instance/instance-data.ts'
import { ItemsFailed } from '../../src/machine/errors.ts'
import type { JsonObject } from '../../src/machine/json.ts'
import type { MemoryMachine, MemoryOptions } from '../../src/machine/memory.ts'
import { commandLines, complaints, contextFor, madeUpDebian } from './made-up-debian.ts'

const systemInfo: JsonObject = {
  package_mirrors: [
    {
      arches: ['default'],
      failsafe: { primary: 'http://main.example/debian', security: 'http://security.example/debian' },
      search: { primary: ['http://%(ec2_region)s.ec2.example/', 'http://%(region)s.cloud.example/debian'] },
    },
    { arches: ['arm64'], failsafe: { primary: 'http://ports.example/debian' } },
  ],
}

const aptMachine = (options: MemoryOptions = {}, architecture = 'amd64'): MemoryMachine =>
  madeUpDebian({
    which: ['apt-get', 'gpg', 'add-apt-repository', 'debconf-set-selections'],
    ...options,
    files: {
      '/etc/os-release': 'ID=debian\nVERSION_CODENAME=bookworm\n',
      '/etc/apt/sources.list': 'deb http://old.example/ bookworm main\n',
      ...options.files,
    },
    onCommand: async (argv, given, machine) => {
      const own = await options.onCommand?.(argv, given, machine)
      if (own !== undefined) return own
      if (argv[0] === 'dpkg') return `${architecture}\n`
      if (argv[0] === 'apt-config') return 'Dir "/";\nDir::Etc "etc/apt";\nDir::Etc::sourceparts "sources.list.d";\n'
      if (argv[0] === 'gpg' && argv[1] === '--dearmor') return given.input === '' ? '' : `binary ${given.input}`
      if (argv[0] === 'gpg' && argv.includes('--export')) return 'ARMOUR'
      if (argv[0] === 'getent') return { exitCode: 2 }
      return ''
    },
  })

const configure = async (
  apt: JsonObject | undefined,
  machine: MemoryMachine,
  data: Partial<InstanceData> = {},
): Promise<void> => {
  const config: JsonObject = apt === undefined ? {} : { apt }
  const context: ModuleContext = {
    ...(await contextFor(machine, config, data)),
    distro: await loadDistro('debian', systemInfo, machine),
  }
  await aptConfigure.run(config, context)
}

const ownSources = '/etc/apt/sources.list.d/debian.sources'

test('preserved sources stay, and nothing is asked about mirrors', async () => {
  const machine = aptMachine()
  await configure(
    { preserve_sources_list: true, primary: [{ arches: ['default'], uri: 'http://x.example/' }] },
    machine,
  )
  assert.equal(machine.files.exists('/etc/apt/sources.list'), true)
  assert.equal(machine.files.exists(ownSources), false)
  assert.deepEqual(machine.commands, [])
})

test('the usual sources name the mirror for this architecture, and the old list goes', async () => {
  const cases = [
    {
      apt: undefined,
      architecture: 'amd64',
      primary: 'http://main.example/debian',
      security: 'http://security.example/debian',
    },
    {
      apt: undefined,
      architecture: 'arm64',
      primary: 'http://ports.example/debian',
      security: 'http://deb.debian.org/debian-security',
    },
    {
      apt: { primary: [{ arches: ['default'], uri: 'http://mine.example/' }] },
      architecture: 'amd64',
      primary: 'http://mine.example/',
      security: 'http://mine.example/',
    },
    {
      apt: {
        primary: [
          { arches: ['default'], uri: 'http://mine.example/' },
          { arches: ['arm64'], uri: 'http://arm.example/' },
        ],
      },
      architecture: 'arm64',
      primary: 'http://arm.example/',
      security: 'http://arm.example/',
    },
    {
      apt: { security: [{ arches: ['amd64'], uri: 'http://safe.example/' }] },
      architecture: 'amd64',
      primary: 'http://main.example/debian',
      security: 'http://safe.example/',
    },
  ]
  for (const { apt, architecture, primary, security } of cases) {
    const machine = aptMachine({}, architecture)
    await configure(apt, machine)
    const uris = [...machine.files.readText(ownSources).matchAll(/^URIs: (.*)$/gm)].map(([, uri]) => uri)
    assert.deepEqual(uris, [primary, security])
    assert.equal(machine.files.exists('/etc/apt/sources.list'), false)
  }
})

test('of candidates the first that resolves is taken, but not where every name resolves', async () => {
  const answering = (names: readonly string[]) =>
    aptMachine({
      onCommand: (argv) =>
        argv[0] === 'getent' && names.includes(argv[2] ?? '') ? `10.0.0.1 STREAM ${argv[2]}\n` : undefined,
    })
  const search = ['http://a.example/debian', 'http://b.example/debian']
  const primaryOf = async (machine: MemoryMachine, data: Partial<InstanceData> = {}, apt?: JsonObject) => {
    await configure(apt, machine, data)
    return /^URIs: (.*)$/m.exec(machine.files.readText(ownSources))?.[1]
  }
  const mirrors = { primary: [{ arches: ['default'], search }] }
  assert.equal(await primaryOf(answering(['b.example']), {}, mirrors), 'http://b.example/debian')
  const everything = answering(['a.example', 'b.example', 'does-not-exist.example.invalid'])
  assert.equal(await primaryOf(everything, {}, mirrors), 'http://main.example/debian')
  const cloud = answering(['eu-1.cloud.example', 'eu-west-1.ec2.example'])
  assert.equal(await primaryOf(cloud, { region: 'eu_1' }), 'http://eu-1.cloud.example/debian')
  const ec2 = answering(['eu-1.cloud.example', 'eu-west-1.ec2.example'])
  assert.equal(
    await primaryOf(ec2, { availabilityZone: 'eu-west-1b', platform: 'ec2' }),
    'http://eu-west-1.ec2.example/',
  )
})

test('sources of one’s own are a template, and their format decides about the file', async () => {
  const lines = aptMachine()
  await configure({ sources_list: 'deb $MIRROR $RELEASE main\ndeb $SECURITY $RELEASE-security main\n' }, lines)
  assert.equal(
    lines.files.readText('/etc/apt/sources.list'),
    'deb http://main.example/debian bookworm main\ndeb http://security.example/debian bookworm-security main\n',
  )
  const stanza = aptMachine()
  await configure(
    { sources_list: '## template:jinja\nTypes: deb\nURIs: {{mirror}}\nSuites: {{codename}}\nComponents: main\n' },
    stanza,
  )
  assert.match(stanza.files.readText(ownSources), /^URIs: http:\/\/main.example\/debian$/m)
  const image = aptMachine({
    files: { '/etc/cloud/templates/sources.list.debian.deb822.tmpl': '## template:jinja\nURIs: {{security}}\n' },
  })
  await configure({}, image)
  assert.equal(image.files.readText(ownSources), 'URIs: http://security.example/debian\n')
})

test('disabled suites become comments, in both formats', () => {
  const disabled = suiteNames(['updates', '$RELEASE-security'], 'noble')
  assert.deepEqual([...disabled], ['noble-updates', 'noble-security'])
  const list =
    'deb [ arch=amd64 signed-by=/k ] http://x noble-updates main\ndeb http://x noble main\n# deb http://x noble-updates\n'
  assert.deepEqual(
    withoutSuites(list, disabled)
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#')),
    ['deb http://x noble main'],
  )
  const stanzas =
    'Types: deb\nURIs: http://x\nSuites: noble noble-updates\n\nTypes: deb\nURIs: http://y\nSuites: noble-security\n'
  assert.equal(isDeb822(stanzas), true)
  assert.deepEqual(
    withoutSuites(stanzas, disabled)
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#')),
    ['Types: deb', 'URIs: http://x', 'Suites: noble'],
  )
})

test('more sources get their keys, then the lists are refreshed', async () => {
  const machine = aptMachine()
  await configure(
    {
      preserve_sources_list: true,
      sources: {
        'one.list': { source: 'deb [signed-by=$KEY_FILE] http://one $RELEASE main', keyid: 'ABCD 1234' },
        two: { source: 'deb http://two $RELEASE main', key: 'KEY', filename: 'one' },
        ppa: { source: 'ppa:someone/thing' },
        bad: { source: 'deb http://bad main', keyid: '--help' },
        only: { key: '' },
      },
    },
    machine,
  ).then(
    () => assert.fail('the bad key must be told'),
    (error) => assert.ok(error instanceof ItemsFailed && error.failures.length === 1),
  )
  assert.equal(
    machine.files.readText('/etc/apt/sources.list.d/one.list'),
    'deb [signed-by=/etc/apt/cloud-init.gpg.d/one.gpg] http://one bookworm main\ndeb http://two bookworm main\n',
  )
  assert.equal(machine.files.readText('/etc/apt/cloud-init.gpg.d/one.gpg'), 'binary ARMOUR')
  assert.equal(machine.files.readText('/etc/apt/trusted.gpg.d/one.gpg'), 'binary KEY')
  assert.equal(machine.files.exists('/etc/apt/sources.list.d/bad.list'), false)
  assert.equal(machine.files.exists('/run/cloud-init/tmp/gnupg'), false)
  const lines = commandLines(machine)
  assert.ok(lines.includes('add-apt-repository --no-update ppa:someone/thing'))
  assert.match(lines.at(-1) ?? '', /^apt-get .* update$/)
})

test('a source is not added a second time for the next instance', async () => {
  const machine = aptMachine()
  const apt = { preserve_sources_list: true, sources: { a: { source: 'deb http://a $RELEASE main' } } }
  await configure(apt, machine)
  await configure(apt, machine)
  assert.equal(machine.files.readText('/etc/apt/sources.list.d/a.list'), 'deb http://a bookworm main\n')
})

test('tools that are missing are installed first', async () => {
  const machine = aptMachine({
    which: ['apt-get'],
    commands: { 'apt-cache pkgnames': 'gnupg\nsoftware-properties-common\n' },
  })
  await configure({ preserve_sources_list: true, sources: { a: { source: 'ppa:a/b', key: 'K' } } }, machine)
  assert.match(commandLines(machine).join('\n'), /install gnupg software-properties-common/)
})

test('proxies, configuration and debconf answers go where apt and debconf look, and old ones go away', async () => {
  const machine = aptMachine()
  await configure(
    {
      preserve_sources_list: true,
      proxy: 'http://p:1',
      https_proxy: 'https://q:2',
      conf: 'APT::X "1";',
      debconf_selections: { b: 'two', a: 'one\n' },
    },
    machine,
  )
  const proxyFile = '/etc/apt/apt.conf.d/90cloud-init-aptproxy'
  assert.equal(
    machine.files.readText(proxyFile),
    'Acquire::http::Proxy "http://p:1";\nAcquire::https::Proxy "https://q:2";\n',
  )
  assert.equal(machine.files.readText('/etc/apt/apt.conf.d/94cloud-init-config'), 'APT::X "1";\n')
  const debconf = machine.commands.find(({ argv }) => argv[0] === 'debconf-set-selections')
  assert.equal(debconf?.options.input, 'one\ntwo\n')
  await configure({ preserve_sources_list: true }, machine)
  assert.equal(machine.files.exists(proxyFile), false)
})

test('pipelining is a number, off, or left alone', async () => {
  const cases = [
    { value: false, line: 'Acquire::http::Pipeline-Depth "0";' },
    { value: 5, line: 'Acquire::http::Pipeline-Depth "5";' },
    { value: '3', line: 'Acquire::http::Pipeline-Depth "3";' },
    { value: 'os', line: undefined },
    { value: 'none', line: undefined },
    { value: 6, line: undefined, complaint: /not a number from 0 to 5/ },
    { value: true, line: undefined, complaint: /true/ },
  ]
  for (const { value, line, complaint } of cases) {
    const machine = aptMachine()
    await aptPipelining.run({ apt_pipelining: value }, await contextFor(machine, {}))
    const text = machine.files.readTextIfExists('/etc/apt/apt.conf.d/90cloud-init-pipelining')
    assert.equal(text?.split('\n')[1], line)
    if (complaint) assert.match(complaints(machine).join(), complaint)
    else assert.deepEqual(complaints(machine), [])
  }
})

test('keys of old that are not read are told', async () => {
  const machine = aptMachine()
  const config: JsonObject = { apt: { preserve_sources_list: true }, apt_sources: [], apt_proxy: 'http://p' }
  await aptConfigure.run({ apt: { preserve_sources_list: true } }, await contextFor(machine, config))
  assert.deepEqual(
    complaints(machine).map((line) => line.split(':')[0]),
    ['apt_sources', 'apt_proxy'],
  )
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import ansible from '../../modules/ansible/index.ts'
import type { JsonObject } from '../../src/machine/json.ts'
import type { MemoryCommand, MemoryOptions } from '../../src/machine/memory.ts'
import { commandLines, contextFor, madeUpDebian } from './made-up-debian.ts'

const known = ['ansible-pull', 'ansible-playbook', 'ansible-galaxy', 'git', 'python3', 'su', 'apt-get']

interface World extends MemoryOptions {
  readonly answer?: (line: string) => MemoryCommand | undefined
}

const run = async (given: JsonObject, { answer, ...options }: World = {}) => {
  const machine = madeUpDebian({
    which: ['ansible', 'apt-get', 'apt-cache'],
    commands: { 'apt-cache pkgnames': 'ansible\nansible-core\npython3-pip\n' },
    ...options,
    onCommand: (argv) => {
      const line = argv.join(' ')
      if (line === 'ansible-pull --version') return answer?.(line) ?? 'ansible-pull [core 2.14.3]\n'
      return answer?.(line) ?? (known.includes(argv[0] ?? '') ? '' : undefined)
    },
  })
  const config = { ansible: given }
  const outcome = await Promise.resolve(ansible.run(config, await contextFor(machine, config))).then(
    () => 'done',
    (error: Error) => error.message,
  )
  return { machine, outcome, commands: commandLines(machine) }
}

const distro = { install_method: 'distro', package_name: 'ansible-core' }
const url = 'https://git.example.com/setup.git'

test('playbooks are fetched and run, options in the order of their names', async () => {
  const pull = [
    { url, playbook_names: ['a.yml', 'b.yml'], clean: true, full: false, accept_host_key: true, timeout: '9' },
  ]
  const { outcome, commands } = await run({ ...distro, pull })
  assert.equal(outcome, 'done')
  assert.deepEqual(commands, [`ansible-pull --accept-host-key --clean --timeout=9 --url=${url} a.yml b.yml`])
})

test('an older Ansible runs one playbook at a time', async () => {
  const { commands } = await run(
    { ...distro, pull: { url, playbook_names: ['a.yml', 'b.yml'] } },
    { answer: (line) => (line.endsWith('--version') ? 'ansible-pull 2.9.27\n' : undefined) },
  )
  assert.deepEqual(commands, [`ansible-pull --url=${url} a.yml`, `ansible-pull --url=${url} b.yml`])
})

test('the package is installed where Ansible is missing', async () => {
  const { commands } = await run(distro, { which: ['apt-get', 'apt-cache'] })
  assert.match(commands.at(-1) ?? '', /install ansible-core$/)
})

test('pip is told that it is meant where the distribution keeps Python to itself', async () => {
  const cases: [string, boolean, string[]][] = [
    ['managed', true, ['--break-system-packages --upgrade pip', '--break-system-packages ansible']],
    ['free', false, ['--upgrade pip', 'ansible']],
  ]
  for (const [name, isManaged, expected] of cases) {
    const { commands } = await run(
      { install_method: 'pip', package_name: 'ansible' },
      { answer: (line) => (line.includes('EXTERNALLY') ? { exitCode: isManaged ? 0 : 1 } : undefined) },
    )
    assert.deepEqual(
      commands,
      expected.map((words) => `python3 -m pip install ${words}`),
      name,
    )
  }
})

test('what pip has installed already stays', async () => {
  const { commands } = await run(
    { install_method: 'pip', package_name: 'ansible' },
    { answer: (line) => (line.includes('pip list') ? 'Package Version\nansible-core 2.15\n' : undefined) },
  )
  assert.deepEqual(commands, [])
})

test('everything runs in a login of the user that is named', async () => {
  const { commands } = await run({
    ...distro,
    run_user: 'games',
    ansible_config: '/etc/my ansible.cfg',
    galaxy: { actions: [['ansible-galaxy', 'collection', 'install', 'community.general']] },
    setup_controller: { run_ansible: [{ playbook_dir: '/srv/play', playbook_name: 'a.yml', forks: 2, check: true }] },
  })
  const env = `env PATH="$PATH:$HOME/.local/bin" ANSIBLE_CONFIG='/etc/my ansible.cfg'`
  assert.deepEqual(commands, [
    `su - games -c ${env} 'ansible-galaxy' 'collection' 'install' 'community.general'`,
    `su - games -c cd '/srv/play' && ${env} 'ansible-playbook' 'a.yml' '--check' '--forks=2'`,
  ])
})

test('a repository that is there is not cloned again; what fails does not stop the rest', async () => {
  const { outcome, commands } = await run(
    {
      ...distro,
      galaxy: { actions: [['ansible-galaxy', 'broken']] },
      setup_controller: {
        repositories: [
          { source: 'git@example.com:a', path: '/srv/a/' },
          { source: 'git@example.com:b', path: '/srv/b' },
        ],
        run_ansible: [{ playbook_name: 'a.yml' }],
      },
    },
    {
      files: { '/srv/a/.git/': '' },
      answer: (line) => (line.includes('broken') ? { exitCode: 1 } : undefined),
    },
  )
  assert.match(
    outcome,
    /galaxy.actions\[0\]: ansible-galaxy broken: exit code 1; .*run_ansible\[0\].playbook_dir: it is missing/,
  )
  assert.deepEqual(commands, ['ansible-galaxy broken', 'git clone git@example.com:b /srv/b'])
})

test('what must be given is asked for by name', async () => {
  const cases: [JsonObject, RegExp][] = [
    [{ install_method: 'pip' }, /^ansible.package_name: it is missing/],
    [{ package_name: 'ansible' }, /^ansible.install_method: it is missing/],
    [{ ...distro, run_user: 'nobody-here' }, /^ansible.run_user: there is no user nobody-here/],
    [{ ...distro, pull: [{ url }] }, /^ansible.pull\[0\].playbook_names: it is missing/],
    [{ ...distro, package_name: '--index-url=x' }, /^ansible.package_name: it is no name of a package/],
  ]
  for (const [given, expected] of cases) {
    const { outcome, commands } = await run(given)
    assert.match(outcome, expected)
    assert.deepEqual(commands, [])
  }
})

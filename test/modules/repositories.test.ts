import assert from 'node:assert/strict'
import { test } from 'node:test'
import apkConfigure from '../../modules/apk_configure.ts'
import yumAddRepo from '../../modules/yum_add_repo.ts'
import zypperAddRepo from '../../modules/zypper_add_repo.ts'
import { acceptConfig } from '../../src/cloudconfig/accept.ts'
import type { ConfigModule } from '../../src/cloudconfig/module.ts'
import { ItemsFailed } from '../../src/machine/errors.ts'
import type { JsonObject } from '../../src/machine/json.ts'
import type { MemoryMachine } from '../../src/machine/memory.ts'
import { contextFor, madeUpDebian } from './made-up-debian.ts'

const run = async (module: ConfigModule, config: JsonObject, machine: MemoryMachine = madeUpDebian()) => {
  await module.run(await acceptConfig(module, config, machine.log), await contextFor(machine, config))
  return machine
}

test('a yum repository is a file with its options in order; what is there already stays', async () => {
  const machine = madeUpDebian({ files: { '/etc/yum.repos.d/old.repo': 'mine' } })
  await run(
    yumAddRepo,
    {
      yum_repos: {
        'my repo': { name: 'My %20 repo', baseurl: 'http://x/$basearch', enabled: false, gpgkey: 'one\ntwo', cost: 5 },
        old: { baseurl: 'http://y/' },
      },
    },
    machine,
  )
  assert.deepEqual(machine.files.readText('/etc/yum.repos.d/my-repo.repo').split('\n').slice(1), [
    '[my-repo]',
    'baseurl = http://x/$basearch',
    'cost = 5',
    'enabled = 0',
    'gpgkey = one',
    '\ttwo',
    'name = My %20 repo',
    '',
    '',
  ])
  assert.equal(machine.files.readText('/etc/yum.repos.d/old.repo'), 'mine')
})

test('a repository never lands in another folder, and does not stop the others', async () => {
  const machine = madeUpDebian()
  const repos = { 'a/b': { baseurl: 'http://x/' }, good: { baseurl: 'http://y/' } }
  await assert.rejects(run(yumAddRepo, { yum_repos: repos, yum_repo_dir: '/own/' }, machine), ItemsFailed)
  assert.equal(machine.files.exists('/own/good.repo'), true)
  assert.equal(machine.files.exists('/own/a'), false)
})

test('zypper’s repositories and settings are the same after every boot', async () => {
  const config = {
    zypper: {
      config: { 'download.use_deltarpm': true, reposdir: '/etc/zypp/mine', configdir: '/x' },
      repos: [{ id: 'my repo', baseurl: 'http://x/', autorefresh: false, name: 'X' }],
    },
  }
  const machine = madeUpDebian({ files: { '/etc/zypp/zypp.conf': '[main]\nkeep = 1' } })
  await run(zypperAddRepo, config, machine)
  const settings = machine.files.readText('/etc/zypp/zypp.conf')
  assert.deepEqual(
    settings.split('\n').filter((line) => !line.startsWith('#')),
    ['[main]', 'keep = 1', 'download.use_deltarpm=True', 'reposdir=/etc/zypp/mine', ''],
  )
  assert.equal(
    machine.files.readText('/etc/zypp/mine/my_repo.repo'),
    '[my repo]\nautorefresh = 0\nbaseurl = http://x/\nname = X\nenabled = 1\n',
  )
  await run(zypperAddRepo, config, machine)
  assert.equal(machine.files.readText('/etc/zypp/zypp.conf'), settings)
})

test('Alpine’s list names the version, and testing only from edge', async () => {
  const listOf = async (apk_repos: JsonObject) =>
    (await run(apkConfigure, { apk_repos })).files
      .readTextIfExists('/etc/apk/repositories')
      ?.split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'))
  const repo = { version: 'v3.20', base_url: 'http://m', community_enabled: true, testing_enabled: true }
  assert.deepEqual(await listOf({ alpine_repo: repo, local_repo_base_url: 'http://l' }), [
    'http://m/v3.20/main',
    'http://m/v3.20/community',
    'http://m/edge/testing',
    'http://l/v3.20',
  ])
  assert.deepEqual(await listOf({ alpine_repo: { version: 'edge' } }), [
    'https://dl-cdn.alpinelinux.org/alpine/edge/main',
  ])
  assert.equal(await listOf({ preserve_repositories: true, alpine_repo: repo }), undefined)
  assert.equal(await listOf({ alpine_repo: null }), undefined)
})

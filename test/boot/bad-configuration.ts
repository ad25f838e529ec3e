import { gzipSync } from 'node:zlib'
import type { MemoryFile } from '../../src/machine/memory.ts'
import { secret } from './expectations.ts'
import { seed } from './made-up-boot.ts'

/** A bad input in files that are there before the boot, and what becomes of it. */
export interface BadFiles {
  readonly name: string
  readonly files: Readonly<Record<string, MemoryFile>>
  /** The line that tells it; none for what is odd, but no fault. */
  readonly told?: RegExp
  /** What follows from it and is told, too. */
  readonly alsoTold?: readonly RegExp[]
  /** Path -> content of files that are there in the end, as the rest of the input wants. */
  readonly done: Readonly<Record<string, string>>
}

const good = 'write_files:\n  - {path: /etc/good, content: "good\\n"}\n'
const goodDone = { '/etc/good': 'good\n' }
/** Without usable user-data the image's own configuration holds. */
const imageDone = { '/etc/from-image': 'image\n' }

const userData = (text: string): Readonly<Record<string, MemoryFile>> => seed(`#cloud-config\n${text}`)
const dropIn = (content: MemoryFile): Readonly<Record<string, MemoryFile>> => ({
  ...userData(good),
  '/etc/cloud/cloud.cfg.d/90-bad.cfg': content,
})

/** A billion of x in a few lines. */
const aliasBomb = [
  'a0: &a0 [x, x, x, x, x, x, x, x, x, x]',
  ...Array.from({ length: 12 }, (_, depth) => {
    const aliases = Array.from({ length: 10 }, () => `*a${depth}`)
    return `a${depth + 1}: &a${depth + 1} [${aliases.join(', ')}]`
  }),
].join('\n')

/** Values of the wrong type, one key at a time, each beside a good file. */
const wrongTypes: readonly (readonly [key: string, text: string, told: RegExp])[] = [
  ['users', 'users: 7', /^(users_groups: )?users: must be/],
  ['users[1]', 'users: [default, 7, {name: ada}]', /users\[1\]: must be/],
  ['users[1].name', 'users: [default, {name: [x]}]', /^users\[1\]\.name: expected text/],
  ['users[1].sudo', 'users: [default, {name: ada, sudo: {a: b}}]', /users\[1\]\.sudo/],
  ['users[1].passwd', `users: [default, {name: ada, passwd: [${secret}]}]`, /users\[1\]\.passwd/],
  ['groups', 'groups: 7', /^(users_groups: )?groups: must be/],
  ['runcmd', 'runcmd: 5', /^runcmd: expected a list/],
  ['runcmd[1]', 'runcmd: [echo one, {two: three}]', /^runcmd\[1\]: expected/],
  ['bootcmd', 'bootcmd: {a: b}', /^bootcmd: expected a list/],
  ['hostname', 'hostname: [a, b]', /^hostname: expected text/],
  ['fqdn', 'fqdn: {a: b}', /^fqdn: expected text/],
  ['timezone', 'timezone: [a]', /^timezone: expected text/],
  ['locale', 'locale: {a: b}', /^locale: expected/],
  ['packages', 'packages: 3', /^packages: expected a list/],
  ['phone_home', 'phone_home: 3', /^phone_home: expected a mapping/],
  ['power_state', 'power_state: poweroff', /^power_state: expected a mapping/],
  ['chpasswd', `chpasswd: [${secret}]`, /^chpasswd: expected a mapping/],
  ['password', `password: [${secret}]`, /^password: expected text/],
  ['ssh_keys', `ssh_keys: [${secret}]`, /ssh_keys: /],
  ['final_message', 'final_message: {a: b}', /^final_message: expected text/],
  ['random_seed', 'random_seed: [a]', /^random_seed: expected a mapping/],
  ['growpart', 'growpart: 3', /^growpart: expected a mapping/],
  ['manage_etc_hosts', 'manage_etc_hosts: [a]', /^manage_etc_hosts: expected/],
]

const brokenFiles: readonly BadFiles[] = [
  {
    name: 'user-data that is broken YAML',
    files: userData(`${good}password: ${secret}\nusers: [default, {name: ada\n`),
    told: /^user-data: part-001 is left out: line \d+, column \d+: /,
    done: imageDone,
  },
  {
    name: 'user-data whose YAML has a tab',
    files: userData(`${good}runcmd:\n\t- echo\n`),
    told: /^user-data: part-001 is left out: line 5, .* tab /,
    done: imageDone,
  },
  {
    name: 'user-data that is a list',
    files: seed('#cloud-config\n- a\n- b\n'),
    told: /^user-data: part-001 is left out: a cloud-config must be a mapping/,
    done: imageDone,
  },
  {
    name: 'one broken part beside a good one',
    files: seed(
      [
        'Content-Type: multipart/mixed; boundary="xx"\nMIME-Version: 1.0\n',
        '--xx\nContent-Type: text/cloud-config\nContent-Disposition: attachment; filename="bad.cfg"\n\nhostname: [\n',
        `--xx\nContent-Type: text/cloud-config\n\n${good}`,
        '--xx--\n',
      ].join('\n'),
    ),
    told: /^user-data: bad\.cfg is left out: line 2, column 1: /,
    done: goodDone,
  },
  { name: 'empty user-data', files: seed(''), done: imageDone },
  {
    name: 'user-data of a first line only',
    files: seed('#cloud-config\n'),
    told: /^user-data: part-001 is left out: the cloud-config is empty/,
    done: imageDone,
  },
  {
    name: 'binary user-data',
    files: seed(Uint8Array.from([0, 1, 2, 3, 0xff, 0xfe, 0x80, 0x0a, 0x7f])),
    told: /^user-data is of no known kind/,
    done: imageDone,
  },
  {
    name: 'user-data that is cut off gzip',
    files: seed(gzipSync(`#cloud-config\n${good}`).subarray(0, 30)),
    told: /^user-data: .* gzip/,
    done: imageDone,
  },
  {
    name: 'user-data of aliases that grow without end',
    files: userData(`${aliasBomb}\n${good}`),
    told: /^user-data: part-001 is left out: line \d+, .*aliases/,
    done: imageDone,
  },
  {
    name: 'meta-data that is broken YAML',
    files: seed(`#cloud-config\n${good}`, 'instance-id: [x\n: {'),
    told: /^\/var\/lib\/cloud\/seed\/nocloud\/meta-data, line 2, /,
    done: goodDone,
  },
  {
    name: 'cloud.cfg that is broken YAML',
    files: { ...userData(good), '/etc/cloud/cloud.cfg': 'users: [default\nsystem_info: {' },
    told: /^\/etc\/cloud\/cloud\.cfg is left out: line 2, /,
    done: goodDone,
  },
  {
    name: 'cloud.cfg that is binary',
    files: { ...userData(good), '/etc/cloud/cloud.cfg': Uint8Array.from([0xff, 0xfe, 0, 1]) },
    told: /^\/etc\/cloud\/cloud\.cfg is left out: it is not UTF-8/,
    done: goodDone,
  },
  {
    name: 'no cloud.cfg at all',
    files: { ...userData(good), '/etc/cloud/cloud.cfg': { folder: true } },
    told: /^\/etc\/cloud\/cloud\.cfg is left out: .*EISDIR/,
    done: goodDone,
  },
  {
    name: 'a file of cloud.cfg.d that is broken YAML',
    files: dropIn('a: [1\nb: }'),
    told: /^\/etc\/cloud\/cloud\.cfg\.d\/90-bad\.cfg is left out: line 2, /,
    done: goodDone,
  },
  {
    name: 'a file of cloud.cfg.d that is a list',
    files: dropIn('- a\n- b\n'),
    told: /^\/etc\/cloud\/cloud\.cfg\.d\/90-bad\.cfg is left out: it must be a mapping/,
    done: goodDone,
  },
]

const misusedKeys: readonly BadFiles[] = [
  {
    name: 'an entry of write_files without a path',
    files: userData(`write_files:\n  - {content: ${secret}}\n  - {path: /etc/good, content: "good\\n"}\n`),
    told: /write_files\[0\]: path is missing/,
    done: goodDone,
  },
  {
    name: 'an entry of write_files with a relative path',
    files: userData('write_files:\n  - {path: etc/bad, content: x}\n  - {path: /etc/good, content: "good\\n"}\n'),
    told: /write_files\[0\] \(etc\/bad\): path: it must be absolute/,
    done: goodDone,
  },
  {
    name: 'an entry of write_files whose owner does not exist',
    files: userData(
      'write_files:\n  - {path: /etc/bad, owner: "nobody-here:adm"}\n  - {path: /etc/good, content: "good\\n"}\n',
    ),
    told: /write_files\[0\] \(\/etc\/bad\): owner: there is no user nobody-here/,
    done: goodDone,
  },
  {
    name: 'an entry of write_files that is a number',
    files: userData('write_files:\n  - 7\n  - {path: /etc/good, content: "good\\n"}\n'),
    told: /write_files\[0\]: expected a mapping, found the number 7/,
    done: goodDone,
  },
  {
    name: 'a misspelt key',
    files: userData(`${good}hostnam: web\n`),
    told: /^user-data: there is no key hostnam; did you mean hostname\?/,
    done: goodDone,
  },
  {
    name: 'a user with an unknown option',
    files: userData(`${good}users: [default, {name: ada, shel: /bin/sh}]\n`),
    told: /users\[1\]\.shel/,
    done: goodDone,
  },
  {
    name: 'a user name with a slash',
    files: userData(`${good}users: [default, {name: ../../etc/ada, passwd: ${secret}}, {name: bob}]\n`),
    told: /users\[1\]: the name "..\/..\/etc\/ada" holds "\/"/,
    alsoTold: [/^ssh_authkey_fingerprints: user ..\/..\/etc\/ada: does not exist/],
    done: goodDone,
  },
  {
    name: 'a time zone that does not exist',
    files: userData(`${good}timezone: Mars/Base\n`),
    told: /^timezone: there is no zone Mars\/Base/,
    done: goodDone,
  },
  {
    name: 'an unknown module in cloud.cfg',
    files: dropIn('cloud_init_modules: [nonesuch, write_files, users_groups, ssh]\n'),
    told: /no config module is named nonesuch/,
    done: goodDone,
  },
  {
    name: 'a module whose name means something to the language',
    files: dropIn('cloud_init_modules: [constructor, write_files, users_groups, ssh]\n'),
    told: /no config module is named constructor/,
    done: goodDone,
  },
  {
    name: 'a module list that is a number',
    files: dropIn('cloud_config_modules: 3\n'),
    told: /90-bad\.cfg: cloud_config_modules must be a list/,
    done: goodDone,
  },
  {
    name: 'an entry of a module list that is a mapping',
    files: dropIn('cloud_config_modules: [{a: b}, timezone]\n'),
    told: /^cloud_config_modules\[0\]: expected a module name/,
    done: goodDone,
  },
  {
    name: 'system_info that is a number',
    files: dropIn('system_info: 3\n'),
    told: /90-bad\.cfg: system_info must be a mapping/,
    done: goodDone,
  },
  {
    name: 'a default user that is a list',
    files: dropIn('system_info: {default_user: [ada]}\n'),
    told: /90-bad\.cfg: system_info\.default_user must be a mapping/,
    done: goodDone,
  },
  {
    name: 'a datasource list that is a text',
    files: dropIn('datasource_list: NoCloud\n'),
    told: /90-bad\.cfg: datasource_list must be a list/,
    done: goodDone,
  },
  {
    name: 'a datasource that does not exist',
    files: dropIn('datasource_list: [Nonesuch, NoCloud, None]\n'),
    told: /90-bad\.cfg: datasource_list: there is no datasource "Nonesuch"/,
    done: goodDone,
  },
]

export const badConfiguration: readonly BadFiles[] = [
  ...brokenFiles,
  ...wrongTypes.map(([key, text, told]) => ({
    name: `a wrong type for ${key}`,
    files: userData(`${good}${text}\n`),
    told,
    done: goodDone,
  })),
  ...misusedKeys,
]

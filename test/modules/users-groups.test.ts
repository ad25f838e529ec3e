import assert from 'node:assert/strict'
import { test } from 'node:test'
import usersGroups from '../../modules/users_groups/index.ts'
import type { InstanceData } from '../../src/instance/instance-data.ts'
import type { JsonObject } from '../../src/machine/json.ts'
import type { MemoryMachine, MemoryOptions } from '../../src/machine/memory.ts'
import { commandLines, complaints, contextFor, lineOf, madeUpDebian } from './made-up-debian.ts'

const run = async (
  config: JsonObject,
  { machine = madeUpDebian(), data = {} }: { machine?: MemoryMachine; data?: Partial<InstanceData> } = {},
): Promise<{ machine: MemoryMachine; failure: string | undefined }> => {
  const context = await contextFor(machine, config, data)
  try {
    await usersGroups.run({}, context)
    return { machine, failure: undefined }
  } catch (error) {
    return { machine, failure: error instanceof Error ? error.message : String(error) }
  }
}

const usersIn = (machine: MemoryMachine): string[] =>
  machine.files
    .readText('/etc/passwd')
    .split('\n')
    .filter(Boolean)
    .slice(2)
    .map((line) => line.split(':').slice(0, 3).join(':'))

const groupsIn = (machine: MemoryMachine): string[] =>
  machine.files.readText('/etc/group').split('\n').filter(Boolean).slice(5)

const key = 'ssh-ed25519 AAAAone one@example'

test('the default user is made as the image says, with its groups, sudo rules and a locked password', async () => {
  const { machine, failure } = await run({ users: ['default'] })
  assert.equal(failure, undefined)
  assert.equal(lineOf(machine, '/etc/passwd', 'debian'), 'debian:x:1000:1001:Debian:/home/debian:/bin/bash')
  assert.equal(lineOf(machine, '/etc/shadow', 'debian')?.split(':')[1], '!')
  assert.equal(lineOf(machine, '/etc/group', 'netdev'), 'netdev:x:1000:debian')
  const sudoers = machine.tree()['/etc/sudoers.d/90-cloud-init-users']
  assert.match(sudoers?.content ?? '', /^debian ALL=\(ALL\) NOPASSWD:ALL$/m)
  assert.equal(sudoers?.mode, 0o440)
  assert.equal(machine.tree()['/etc/sudoers.d']?.mode, 0o750)
})

test('users may be a list, a mapping or a text; the default user is made last', async () => {
  const forms: [JsonObject, string[]][] = [
    [{ users: ['default', 'greta', { name: 'hugo' }] }, ['greta:x:1000', 'hugo:x:1001', 'debian:x:1002']],
    [
      { users: { jana: { shell: '/bin/sh' }, default: true, ivan: {}, no: false } },
      ['ivan:x:1000', 'jana:x:1001', 'debian:x:1002'],
    ],
    [{ users: 'default, greta' }, ['greta:x:1000', 'debian:x:1001']],
    [{ users: [['aaa', 'bbb']] }, ['aaa:x:1000', 'bbb:x:1001']],
    [{ users: [] }, []],
    [{}, []],
    [{ user: { name: 'captain', groups: ['adm'] } }, ['captain:x:1000']],
    [{ user: 'captain', users: ['default'] }, ['captain:x:1000']],
    [{ users: ['default', { name: 'debian', uid: 1700 }] }, ['debian:x:1700']],
  ]
  for (const [config, expected] of forms) {
    const { machine, failure } = await run(config)
    assert.equal(failure, undefined, JSON.stringify(config))
    assert.deepEqual(usersIn(machine), expected, JSON.stringify(config))
  }
})

test('groups may be a list, a mapping or a text; spaces around names do not count', async () => {
  const forms: [JsonObject['groups'], string[]][] = [
    ['ops, devs', ['ops:x:1000:', 'devs:x:1001:']],
    [
      ['ops', { secret: ['root', 'games'] }, { third: 'root' }],
      ['ops:x:1000:', 'secret:x:1001:games,root', 'third:x:1002:root'],
    ],
    [{ ops: ['root'], devs: [] }, ['devs:x:1000:', 'ops:x:1001:root']],
    [{ ops: ['root', 'nobodyhere'] }, ['ops:x:1000:root']],
  ]
  for (const [groups, expected] of forms) {
    const { machine, failure } = await run({ groups: groups ?? null })
    assert.equal(failure, undefined)
    assert.deepEqual(groupsIn(machine), expected)
  }
})

test('every documented option reaches useradd, also in its spelling with dashes', async () => {
  const options = {
    gecos: 'Foo B. Bar',
    'primary-group': 'staff',
    groups: 'users, admins',
    'selinux-user': 'staff_u',
    expiredate: '2032-09-01',
    inactive: '5',
    uid: '1742',
    homedir: '/local/foo',
    shell: '/bin/zsh',
    'no-log-init': true,
    'no-create-home': true,
    'no-user-group': true,
  }
  const machine = madeUpDebian({ files: { '/sys/fs/selinux/enforce': '1' } })
  await run({ users: [{ name: 'foo', ...options }] }, { machine })
  assert.deepEqual(commandLines(machine), [
    'groupadd admins',
    'groupadd staff',
    'useradd --comment Foo B. Bar --home-dir /local/foo --gid staff --groups users,admins --uid 1742 --shell /bin/zsh ' +
      '--expiredate 2032-09-01 --inactive 5 --selinux-user staff_u --no-user-group --no-log-init --no-create-home foo',
  ])
})

test('a system user gets no home folder', async () => {
  const { machine } = await run({ users: [{ name: 'daemon2', system: true, inactive: 0 }] })
  assert.deepEqual(commandLines(machine)[0], 'useradd --inactive 0 --system --no-create-home daemon2')
})

test('passwords are set through standard input and locked, unlocked or emptied as asked', async () => {
  const cases: [JsonObject, string][] = [
    [{ passwd: '$6$x$y' }, '!$6$x$y'],
    [{ passwd: '$6$x$y', lock_passwd: false }, '$6$x$y'],
    [{ hashed_passwd: '$6$x$y', lock_passwd: false }, '$6$x$y'],
    [{ 'plain-text-passwd': 'sesame', 'lock-passwd': false }, 'crypt(sesame)'],
    [{ plain_text_passwd: 'sesame' }, '!crypt(sesame)'],
    [{ lock_passwd: false }, '!'],
    [{ plain_text_passwd: '', lock_passwd: false }, ''],
    [{ plain_text_passwd: 'a\nroot:b', lock_passwd: false }, '!'],
  ]
  for (const [options, expected] of cases) {
    const { machine } = await run({ users: [{ name: 'ada', ...options }] })
    assert.equal(lineOf(machine, '/etc/shadow', 'ada')?.split(':')[1], expected, JSON.stringify(options))
    assert.equal(lineOf(machine, '/etc/shadow', 'root')?.split(':')[1], '*')
    assert.ok(commandLines(machine).every((line) => !/sesame|\$6\$/.test(line)))
    assert.ok(machine.records.every(({ message }) => !/sesame|\$6\$/.test(message)))
  }
})

test('of an account that is there already only passwords, rules and keys change', async () => {
  const users = [
    {
      name: 'games',
      gecos: 'changed',
      shell: '/bin/bash',
      plain_text_passwd: 'play',
      lock_passwd: false,
      passwd: '$6$no$no',
      ssh_authorized_keys: [key],
    },
  ]
  const { machine, failure } = await run({ users })
  assert.equal(failure, undefined)
  assert.equal(lineOf(machine, '/etc/passwd', 'games'), 'games:x:5:60:games:/usr/games:/usr/sbin/nologin')
  assert.equal(lineOf(machine, '/etc/shadow', 'games')?.split(':')[1], 'crypt(play)')
  assert.deepEqual(machine.tree()['/usr/games/.ssh/authorized_keys'], {
    ...machine.tree()['/usr/games/.ssh/authorized_keys'],
    content: `${key}\n`,
    mode: 0o600,
    userId: 5,
    groupId: 60,
  })
})

test('one bad user is reported and costs neither the others nor the default user anything', async () => {
  const users = [
    { name: 'first' },
    { name: 'fred', create_groups: false, groups: ['nosuchgroup'] },
    { name: '../etc' },
    { name: '-rf' },
    { name: 'a\nb:x:0:0' },
    { name: 'bad', shell: '/bad' },
    { name: 'typed', uid: 'abc' },
    { name: 'homeless', system: true, ssh_authorized_keys: [key] },
    { name: 'both', ssh_redirect_user: true, ssh_authorized_keys: [key] },
    { gecos: 'nobody at all', name: ['x'] },
    { name: 'last' },
    'default',
  ]
  const { machine, failure } = await run({ users })
  assert.deepEqual(usersIn(machine), ['first:x:1000', 'last:x:1001', 'debian:x:1002'])
  const lines = failure?.split('; ') ?? []
  for (const named of ['nosuchgroup', '../etc', '-rf', 'a\\nb', '/bad', 'users[6].uid', 'homeless', 'both'])
    assert.ok(
      lines.some((line) => line.includes(named)),
      `${named} is named in ${failure}`,
    )
})

test('the default user is made even when its own options are unusable', async () => {
  const users = [
    'default',
    { name: 'debian', shell: '/bad', uid: 'x', groups: ['ok', 'no/pe'], ssh_authorized_keys: [key] },
  ]
  const { machine, failure } = await run({ users })
  assert.match(failure ?? '', /uid: must be a number/)
  assert.match(lineOf(machine, '/etc/passwd', 'debian') ?? '', /^debian:x:1000:/)
  assert.match(machine.tree()['/home/debian/.ssh/authorized_keys']?.content ?? '', /AAAAone/)
  assert.match(machine.tree()['/etc/sudoers.d/90-cloud-init-users']?.content ?? '', /debian ALL/)
})

test('unusable options that open nothing are left out and the user is made', async () => {
  const { machine, failure } = await run({ users: [{ name: 'ada', sudo: true, gecos: ['x'], ssh_authorized_keys: 5 }] })
  assert.deepEqual(usersIn(machine), ['ada:x:1000'])
  assert.match(failure ?? '', /users\[0\]\.sudo/)
})

test('sudo rules are lines of their own, and one that is not a rule is refused', async () => {
  const cases: [JsonObject['sudo'], RegExp | undefined][] = [
    ['ALL=(ALL) ALL', /^ada ALL=\(ALL\) ALL$/m],
    [['ALL=(ALL) NOPASSWD:/bin/a', 'ALL=(ALL) ALL'], /^ada ALL=\(ALL\) NOPASSWD:\/bin\/a\nada ALL=\(ALL\) ALL$/m],
    [null, undefined],
    [false, undefined],
    ['ALL=(ALL) ALL\nbob ALL=(ALL) ALL', undefined],
    ['NONSENSE', undefined],
    ['ALL=(ALL) ALL \\', undefined],
  ]
  for (const [sudo, expected] of cases) {
    const { machine } = await run({ users: [{ name: 'ada', sudo: sudo ?? null }] })
    const written = machine.tree()['/etc/sudoers.d/90-cloud-init-users']?.content
    if (expected === undefined) assert.equal(written, undefined, String(sudo))
    else assert.match(written ?? '', expected)
  }
})

test('doas rules are written when all of them are about the user', async () => {
  const good = await run({ users: [{ name: 'ada', doas: ['permit nopass ada', 'deny ada as root'] }] })
  const file = good.machine.tree()['/etc/doas.conf']
  assert.match(file?.content ?? '', /^permit nopass ada\ndeny ada as root$/m)
  assert.equal(file?.mode, 0o440)
  const bad = await run({ users: [{ name: 'ada', doas: ['permit nopass ada', 'permit nopass bob'] }] })
  assert.equal(bad.machine.tree()['/etc/doas.conf'], undefined)
  assert.match(complaints(bad.machine).join(), /is not a doas rule for ada/)
})

test('a redirected user has the keys of the cloud, each telling to log in as the default user', async () => {
  const { machine } = await run(
    { users: ['default', { name: 'nossh', ssh_redirect_user: true }] },
    { data: { publicKeys: [key] } },
  )
  assert.equal(
    machine.tree()['/home/nossh/.ssh/authorized_keys']?.content,
    'no-port-forwarding,no-agent-forwarding,no-X11-forwarding,command="echo \'Please login as the user \\"debian\\" rather than the user \\"nossh\\".\';echo;sleep 10;exit 142" ssh-ed25519 AAAAone one@example\n',
  )
})

test('a snap user is made by snapd', async () => {
  const { machine } = await run({ users: [{ snapuser: 'joe@joeuser.io' }] })
  assert.deepEqual(commandLines(machine), ['snap create-user --sudoer --json joe@joeuser.io'])
  const option = await run({ users: [{ snapuser: '--known' }] })
  assert.match(option.failure ?? '', /snapuser: must be an e-mail address/)
})

test('a second run changes nothing', async () => {
  const config = {
    groups: ['ops'],
    users: [
      'default',
      { name: 'ada', groups: ['ops', 'new'], sudo: 'ALL=(ALL) ALL', plain_text_passwd: 'x', doas: ['permit ada'] },
    ],
  }
  const { machine } = await run(config)
  const before = machine.tree()
  await run(config, { machine })
  assert.deepEqual(machine.tree(), before)
})

test('a run that is cut off at any command is finished by the next one', async () => {
  const config = {
    groups: ['ops'],
    users: [
      'default',
      {
        name: 'ada',
        groups: ['ops', 'new'],
        sudo: 'ALL=(ALL) ALL',
        passwd: '$6$x$y',
        lock_passwd: false,
        ssh_authorized_keys: [key],
      },
    ],
  }
  const undisturbed = (await run(config)).machine.tree()
  for (let cut = 1; cut < 40; cut += 1) {
    let done = 0
    let isCut = true
    // From the cut on nothing happens any more, as when the power is gone.
    const onCommand: MemoryOptions['onCommand'] = () => {
      done += 1
      if (isCut && done >= cut) throw new Error('cut off')
      return undefined
    }
    const fault = () => (isCut && done >= cut ? 'EIO' : undefined)
    const machine = madeUpDebian({ onCommand, fault })
    await run(config, { machine })
    if (done < cut) break
    isCut = false
    const { failure } = await run(config, { machine })
    assert.equal(failure, undefined, `cut ${cut}`)
    assert.deepEqual(machine.tree(), undisturbed, `cut ${cut}`)
  }
})

test('an account whose home folder did not come to be is made again', async () => {
  const machine = madeUpDebian({
    files: {
      '/etc/passwd':
        'root:x:0:0:root:/root:/bin/bash\ngames:x:5:60:games:/usr/games:/bin/sh\nada:x:1000:1000::/home/ada:/bin/sh\n',
      '/etc/shadow': 'root:*:1::::::\nada:!:1::::::\n',
      '/var/lib/cloud/instances/i-1/users_groups.unfinished': 'ada\n',
    },
  })
  await run({ users: ['ada'] }, { machine })
  assert.deepEqual(commandLines(machine), ['userdel ada', 'useradd --create-home ada'])
  assert.equal(machine.tree()['/home/ada']?.userId, 1000)
})

test('a home folder whose files a power cut left empty or away gets them again; what has content stays', async () => {
  const passwd = 'root:x:0:0:root:/root:/bin/bash\nada:x:1000:1000::/home/ada:/bin/sh\n'
  const files = {
    '/etc/passwd': passwd,
    '/etc/shadow': 'root:*:1::::::\nada:!:1::::::\n',
    '/etc/skel/.bashrc': 'alias\n',
    '/etc/skel/.empty': '',
    '/etc/skel/.profile': { content: 'umask\n', mode: 0o600 },
    '/etc/skel/.config/app': 'app\n',
    '/etc/skel/.logout': 'bye\n',
    '/etc/skel/.link': { link: '.bashrc' },
    '/etc/skel/.elsewhere': 'x\n',
    '/home/ada/.bashrc': '',
    '/home/ada/.logout': 'mine\n',
    '/home/ada/.elsewhere': { link: '/etc/target' },
    '/etc/target': '',
  }
  const unfinished = { '/var/lib/cloud/instances/i-1/users_groups.unfinished': 'ada\n' }
  const machine = madeUpDebian({ files: { ...files, ...unfinished } })
  const { failure } = await run({ users: ['ada'] }, { machine })
  assert.equal(failure, undefined)
  assert.deepEqual(commandLines(machine), [])
  const home = Object.entries(machine.tree()).filter(([path]) => path.startsWith('/home/ada/'))
  assert.deepEqual(
    home.map(([path, { content, mode, userId }]) => [path.slice('/home/ada/'.length), content, mode, userId]),
    [
      ['.bashrc', 'alias\n', 0o644, 1000],
      ['.config', '', 0o755, 1000],
      ['.config/app', 'app\n', 0o644, 1000],
      ['.elsewhere', '/etc/target', 0o777, 0],
      ['.empty', '', 0o644, 1000],
      ['.link', '.bashrc', 0o777, 1000],
      ['.logout', 'mine\n', 0o644, 0],
      ['.profile', 'umask\n', 0o600, 1000],
    ],
  )
  assert.equal(machine.files.readText('/etc/target'), '')

  const image = madeUpDebian({ files })
  await run({ users: ['ada'] }, { machine: image })
  assert.equal(image.files.readText('/home/ada/.bashrc'), '', 'an account of the image keeps its files as they are')
})

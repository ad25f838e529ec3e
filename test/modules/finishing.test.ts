import assert from 'node:assert/strict'
import { test } from 'node:test'
import finalMessage from '../../modules/final_message.ts'
import phoneHome from '../../modules/phone_home.ts'
import powerState from '../../modules/power_state_change.ts'
import seedRandom from '../../modules/seed_random.ts'
import { HttpFailure } from '../../src/machine/errors.ts'
import { httpResponse } from '../../src/machine/http-response.ts'
import type { JsonObject } from '../../src/machine/json.ts'
import type { MemoryMachine } from '../../src/machine/memory.ts'
import { commandLines, complaints, contextFor, madeUpDebian } from './made-up-debian.ts'

const announced = (machine: MemoryMachine): string[] =>
  machine.records.filter((record) => record.announced).map(({ message }) => message)

test('the final message is printed with its variables, and boot-finished is written', async () => {
  const time = 'Wed, 01 Jan 2025 12:00:00 +0000'
  const cases: [string, RegExp][] = [
    [
      ['up $uptime at $TIMESTAMP from $', '{datasource}, $else'].join(''),
      /^up 10\.00 at Wed, 01 Jan 2025 12:00:00 \+0000 from DataSourceNoCloud, \$else$/,
    ],
    ['## template: jinja\n{{ datasource }} {{ version | length > 0 }}', /^DataSourceNoCloud [Tt]rue$/],
    ['', /^firstlight \S+ finished at Wed, .* Up 10\.00 seconds$/],
  ]
  for (const [message, expected] of cases) {
    const machine = madeUpDebian()
    await finalMessage.run({ final_message: message }, await contextFor(machine, {}))
    assert.match(announced(machine).join('\n'), expected)
    const finished = machine.files.readText('/var/lib/cloud/instances/i-1/boot-finished')
    assert.match(finished, new RegExp(`^10\\.00 - ${time.replace('+', '\\+')} - v\\. `))
  }
})

test('a broken final message is told, and the boot is finished all the same', async () => {
  const machine = madeUpDebian()
  await finalMessage.run({ final_message: '## template: jinja\n{{ oops' }, await contextFor(machine, {}))
  assert.match(complaints(machine).join(), /final_message: it is no usable template/)
  assert.ok(machine.files.exists('/var/lib/cloud/instances/i-1/boot-finished'))
})

test('phone_home posts a form; $INSTANCE_ID is filled in; what is missing is N/A', async () => {
  const machine = madeUpDebian({
    files: { '/etc/ssh/ssh_host_rsa_key.pub': 'ssh-rsa AAAA root@x\n' },
    http: ({ url }) => httpResponse({ url, body: '' }),
  })
  const config = {
    phone_home: {
      url: 'http://192.0.2.1/in/$INSTANCE_ID/',
      post: ['pub_key_rsa', 'pub_key_ecdsa', 'instance_id', 'fqdn'],
    },
  }
  await phoneHome.run(config, await contextFor(machine, config, { localHostname: 'a.example.test' }))
  const [request] = machine.requests
  assert.equal(request?.method, 'POST')
  assert.equal(request?.url, 'http://192.0.2.1/in/i-1/')
  assert.equal(request?.headers?.['content-type'], 'application/x-www-form-urlencoded')
  assert.equal(
    request?.body,
    'pub_key_rsa=ssh-rsa+AAAA+root%40x%0A&pub_key_ecdsa=N%2FA&instance_id=i-1&fqdn=a.example.test',
  )
})

test('a server that does not answer is tried so many times, and fails nothing', async () => {
  for (const [tries, expected] of [
    [3, 3],
    [0, 1],
  ] as const) {
    const machine = madeUpDebian({ http: ({ url }) => new HttpFailure(url, 'refused', 'connection refused') })
    const config = { phone_home: { url: 'http://192.0.2.1/', tries } }
    await phoneHome.run(config, await contextFor(machine, config))
    assert.equal(machine.requests.length, expected)
    assert.match(complaints(machine).join('\n'), /phone_home: nobody took the message/)
  }
})

test('a 404 is tried again, and fails nothing', async () => {
  const machine = madeUpDebian({ http: ({ url }) => httpResponse({ url, status: 404, body: '' }) })
  const config = { phone_home: { url: 'http://192.0.2.1/', tries: 2 } }
  await phoneHome.run(config, await contextFor(machine, config))
  assert.equal(machine.requests.length, 2)
})

test('random bytes come from the configuration and the cloud, and the command knows where they went', async () => {
  const machine = madeUpDebian({ which: ['pollinate'], onCommand: () => '' })
  const config = {
    random_seed: { file: '/root/seed', data: 'aGVsbG8=', encoding: 'b64', command: ['pollinate', '-q'] },
  }
  await seedRandom.run(config, await contextFor(machine, config, { metadata: { random_seed: '-cloud' } }))
  assert.equal(machine.files.readText('/root/seed'), 'hello-cloud')
  assert.equal(machine.commands[0]?.options.env?.['RANDOM_SEED_FILE'], '/root/seed')
  assert.deepEqual(commandLines(machine), ['pollinate -q'])
})

test('a command that is required and missing is an error; one that is not required is left out', async () => {
  const cases: [JsonObject, RegExp | undefined][] = [
    [{ command: ['nope'] }, undefined],
    [{ command: ['nope'], command_required: true }, /nope is not installed/],
    [{ command_required: true }, /there is no command/],
    [{}, undefined],
  ]
  for (const [settings, expected] of cases) {
    const machine = madeUpDebian()
    const run = async (): Promise<void> => seedRandom.run({ random_seed: settings }, await contextFor(machine, {}))
    if (expected) await assert.rejects(run, expected)
    else await run()
    assert.deepEqual(commandLines(machine), [])
  }
})

test('a delay or condition that was refused is not taken for none', async () => {
  const machine = madeUpDebian({ onCommand: () => '' })
  const written = { mode: 'poweroff', condition: { oops: 1 } }
  await powerState.run({ power_state: { mode: 'poweroff' } }, await contextFor(machine, { power_state: written }))
  assert.deepEqual(commandLines(machine), [])
})

/** The words behind the waiting script: seconds, number of condition words, condition, command. */
const afterBoot = async (settings: JsonObject): Promise<readonly string[] | undefined> => {
  const machine = madeUpDebian({ onCommand: () => '' })
  await powerState.run({ power_state: settings }, await contextFor(machine, {}))
  const [command] = machine.commands
  assert.ok(command === undefined || command.options.detached === true)
  return command?.argv.slice(4)
}

test('shutdown waits for the end of the boot, and takes mode, delay, message, condition', async () => {
  const cases: [JsonObject, string[] | undefined][] = [
    [{ mode: 'poweroff' }, ['30', '0', 'shutdown', '-P', 'now']],
    [
      { mode: 'reboot', delay: 'now', message: "it's $HOME", timeout: 1 },
      ['1', '0', 'shutdown', '-r', 'now', "it's $HOME"],
    ],
    [{ mode: 'halt', delay: '+5' }, ['30', '0', 'shutdown', '-H', '+5']],
    [{ mode: 'halt', delay: 7 }, ['30', '0', 'shutdown', '-H', '+7']],
    [{ mode: 'halt', condition: 'test -f /x' }, ['30', '3', '/bin/sh', '-c', 'test -f /x', 'shutdown', '-H', 'now']],
    [{ mode: 'halt', condition: ['test', '-f', '/x y'] }, ['30', '3', 'test', '-f', '/x y', 'shutdown', '-H', 'now']],
    [{ mode: 'halt', condition: false }, undefined],
    [{ mode: 'explode' }, undefined],
    [{ mode: 'halt', delay: 'soon' }, undefined],
  ]
  for (const [settings, expected] of cases) {
    assert.deepEqual(await afterBoot(settings), expected, JSON.stringify(settings))
  }
})

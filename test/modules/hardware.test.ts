import assert from 'node:assert/strict'
import { test } from 'node:test'
import installHotplug from '../../modules/install_hotplug.ts'
import keyboard from '../../modules/keyboard.ts'
import raspberryPi from '../../modules/raspberry_pi.ts'
import resetRmc from '../../modules/reset_rmc.ts'
import type { ConfigModule, ModuleContext } from '../../src/cloudconfig/module.ts'
import { loadDistro } from '../../src/distros/index.ts'
import { ItemsFailed } from '../../src/machine/errors.ts'
import type { JsonObject } from '../../src/machine/json.ts'
import type { MemoryCommandHandler, MemoryMachine, MemoryOptions } from '../../src/machine/memory.ts'
import { commandLines, complaints, contextFor, madeUpDebian } from './made-up-debian.ts'

interface World extends MemoryOptions {
  readonly distro?: string
  readonly more?: Partial<ModuleContext>
}

const quiet: MemoryCommandHandler = () => ''

const run = async (
  module: ConfigModule,
  config: JsonObject,
  { distro = 'debian', more = {}, ...options }: World = {},
) => {
  const machine = madeUpDebian({ onCommand: quiet, ...options })
  const context = await contextFor(machine, config, {}, { distro: await loadDistro(distro, {}, machine), ...more })
  const failure = await Promise.resolve(module.run(config, context)).then(
    () => undefined,
    (error: unknown) => error,
  )
  return { machine, failure }
}

const rulesFile = '/etc/udev/rules.d/90-cloud-init-hook-hotplug.rules'
const hotplug = { updates: { network: { when: ['boot', 'hotplug'] } } }
const udev = { which: ['udevadm'] }

const instanceOf = (datasource: string, events?: readonly string[]): Partial<ModuleContext> => ({
  instance: {
    id: 'i',
    datasource,
    data: { instanceId: 'i', ...(events && { updateEvents: { network: events } }) },
    folder: '/i',
    isNew: true,
    variables: {},
  },
})

const rulesOf = (machine: MemoryMachine): string[] | undefined =>
  machine.files
    .readTextIfExists(rulesFile)
    ?.split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))

test('hotplug is a rule of udev, asked for by the user or by the datasource', async () => {
  const plain = [
    'ACTION!="add", GOTO="cloudinit_end"',
    'LABEL="cloudinit_hook"',
    'SUBSYSTEM=="net", RUN+="/usr/lib/cloud-init/hook-hotplug"',
    'LABEL="cloudinit_end"',
  ]
  const { machine } = await run(installHotplug, hotplug, udev)
  assert.deepEqual(rulesOf(machine), plain)
  assert.deepEqual(commandLines(machine), ['udevadm control --reload-rules'])
  const byCloud = await run(installHotplug, {}, { ...udev, more: instanceOf('NoCloud', ['hotplug']) })
  assert.deepEqual(rulesOf(byCloud.machine), plain)
  const refused = { updates: { network: { when: ['boot'] } } }
  const byUser = await run(installHotplug, refused, { ...udev, more: instanceOf('Ec2', ['hotplug']) })
  assert.equal(rulesOf(byUser.machine), undefined)
})

test('on EC2 only the cloud’s own interfaces count, and the newer folder is preferred', async () => {
  const files = { '/usr/libexec/cloud-init/': '' }
  const { machine } = await run(installHotplug, hotplug, { ...udev, files, more: instanceOf('Ec2') })
  assert.deepEqual(rulesOf(machine)?.slice(1, 3), [
    'ENV{ID_NET_DRIVER}=="vif|ena|ixgbevf", GOTO="cloudinit_hook"',
    'GOTO="cloudinit_end"',
  ])
  assert.match(rulesOf(machine)?.join() ?? '', /"\/usr\/libexec\/cloud-init\/hook-hotplug"/)
})

test('a rule that is not wanted any more goes, and without udev nothing is written', async () => {
  const { machine } = await run(installHotplug, {}, { ...udev, files: { [rulesFile]: 'old' } })
  assert.equal(rulesOf(machine), undefined)
  assert.deepEqual(commandLines(machine), ['udevadm control --reload-rules'])
  assert.equal(rulesOf((await run(installHotplug, hotplug, { which: [] })).machine), undefined)
})

test('the keyboard is a file on Debian and a command elsewhere', async () => {
  const config = { keyboard: { layout: 'de', variant: 'nodeadkeys', options: 'compose:rwin,caps:none' } }
  const debian = await run(keyboard, config)
  assert.deepEqual(debian.machine.files.readText('/etc/default/keyboard').split('\n').slice(1), [
    'XKBMODEL="pc105"',
    'XKBLAYOUT="de"',
    'XKBVARIANT="nodeadkeys"',
    'XKBOPTIONS="compose:rwin,caps:none"',
    'BACKSPACE="guess"',
    '',
  ])
  assert.deepEqual(commandLines(debian.machine), ['systemctl restart console-setup'])
  const rhel = await run(keyboard, config, { distro: 'rhel' })
  assert.deepEqual(commandLines(rhel.machine), ['localectl set-x11-keymap de pc105 nodeadkeys compose:rwin,caps:none'])
  const alpine = await run(keyboard, config, { distro: 'alpine' })
  assert.deepEqual(commandLines(alpine.machine), ['setup-keymap de nodeadkeys'])
  const pi = await run(keyboard, config, { distro: 'raspberry-pi-os' })
  assert.ok(commandLines(pi.machine).includes('systemctl restart keyboard-setup'))
})

test('what would mean something to a shell is no keyboard', async () => {
  for (const layout of ['us"; reboot; "', '$(reboot)', '-x']) {
    const { machine, failure } = await run(keyboard, { keyboard: { layout } })
    assert.match(String(failure), /keyboard.layout: .* is not a name that XKB has/)
    assert.equal(machine.files.exists('/etc/default/keyboard'), false)
  }
})

test('interfaces of a Raspberry Pi are switched in a fixed order, then it reboots', async () => {
  const config = { rpi: { enable_usb_gadget: true, interfaces: { spi: true, i2c: false, serial: true } } }
  const onPi4: MemoryCommandHandler = (argv) => (argv.includes('is_pifive') ? { exitCode: 1 } : '')
  const { machine } = await run(raspberryPi, config, { onCommand: onPi4 })
  assert.deepEqual(commandLines(machine), [
    '/usr/bin/rpi-usb-gadget on -f',
    '/usr/bin/raspi-config nonint do_i2c 1',
    '/usr/bin/raspi-config nonint do_serial_cons 0',
    '/usr/bin/raspi-config nonint do_serial_hw 0',
    '/usr/bin/raspi-config nonint do_spi 0',
    'shutdown -r now Rebooting to apply config.txt changes...',
  ])
  const onPi5 = await run(raspberryPi, { rpi: { interfaces: { serial: { console: true } } } })
  assert.ok(commandLines(onPi5.machine).includes('/usr/bin/raspi-config nonint do_serial_hw 1'))
})

test('where nothing could be switched, nothing reboots', async () => {
  const onCommand: MemoryCommandHandler = () => ({ exitCode: 1 })
  const { machine, failure } = await run(raspberryPi, { rpi: { interfaces: { spi: true } } }, { onCommand })
  assert.deepEqual(commandLines(machine), ['/usr/bin/raspi-config nonint do_spi 0'])
  assert.ok(failure instanceof ItemsFailed)
  assert.deepEqual(commandLines((await run(raspberryPi, { rpi: {} })).machine), [])
})

test('an RMC node gets an id of its own, where RSCT is installed', async () => {
  const files = { '/opt/rsct/install/bin/recfgct': 'x', '/etc/ct_node_id': 'old\n' }
  const renewing: MemoryCommandHandler = (argv, _options, machine) => {
    if (argv[0]?.endsWith('recfgct')) machine.files.write('/etc/ct_node_id', 'new\n')
    return ''
  }
  const { machine, failure } = await run(resetRmc, {}, { files, onCommand: renewing })
  assert.equal(failure, undefined)
  assert.deepEqual(commandLines(machine), ['rmcctrl -z', '/opt/rsct/install/bin/recfgct'])
  assert.match(String((await run(resetRmc, {}, { files })).failure), /did not make a new node id/)
  assert.deepEqual(commandLines((await run(resetRmc, {})).machine), [])
  assert.deepEqual(complaints(machine), [])
})

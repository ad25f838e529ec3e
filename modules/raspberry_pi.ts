import { attempts } from '../src/cloudconfig/attempts.ts'
import { defineModule, type ModuleContext } from '../src/cloudconfig/module.ts'
import type { Machine } from '../src/machine/machine.ts'

const flag = { type: 'boolean', default: false } as const

const schema = {
  type: 'object',
  properties: {
    rpi: {
      type: 'object',
      properties: {
        interfaces: {
          type: 'object',
          properties: {
            spi: { ...flag, description: 'The SPI bus.' },
            i2c: { ...flag, description: 'The I2C bus.' },
            onewire: { ...flag, description: 'The 1-Wire bus.' },
            serial: {
              default: false,
              oneOf: [
                { type: 'boolean' },
                {
                  type: 'object',
                  properties: {
                    console: { ...flag, description: 'A login on the serial port.' },
                    hardware: { ...flag, description: 'The port itself. Before the Pi 5 the console needs it.' },
                  },
                },
              ],
              description: 'The serial port; true: with a console.',
            },
          },
        },
        enable_usb_gadget: { ...flag, description: 'Lets the board be a USB device of another computer.' },
      },
    },
  },
} as const

const gadgetTool = '/usr/bin/rpi-usb-gadget'
/** raspi-config's functions, in the order in which they are called. */
const buses = [
  ['i2c', 'do_i2c'],
  ['onewire', 'do_onewire'],
] as const

type Serial = boolean | { readonly console?: boolean; readonly hardware?: boolean }

/** raspi-config counts like a shell: 0 is on. */
const raspiConfig = (machine: Machine, name: string, isOn: boolean) =>
  machine.run(['/usr/bin/raspi-config', 'nonint', name, isOn ? '0' : '1'])

/** Only the Pi 5 has a second port, so that a console does not need the one on the pins. */
const isPi5 = async (machine: Machine): Promise<boolean> => {
  const { exitCode } = await machine.ask(['/usr/bin/raspi-config', 'nonint', 'is_pifive'], { allowedExitCodes: 'any' })
  return exitCode === 0
}

const setSerial = async (machine: Machine, serial: Serial): Promise<void> => {
  const { console = false, hardware = false } = typeof serial === 'boolean' ? { console: serial } : serial
  const needsHardware = !(await isPi5(machine)) && console
  await raspiConfig(machine, 'do_serial_cons', console)
  await raspiConfig(machine, 'do_serial_hw', hardware || needsHardware)
}

const reboot = async ({ machine }: ModuleContext): Promise<void> => {
  if (machine.kind === 'image') {
    machine.log.info('rpi: takes effect at the next boot; an image is not rebooted')
    return
  }
  await machine.run(['shutdown', '-r', 'now', 'Rebooting to apply config.txt changes...'])
}

export default defineModule({
  id: 'raspberry_pi',
  frequency: 'instance',
  distros: ['raspberry-pi-os'],
  activateBy: ['rpi'],
  schema,
  title: 'Switches the interfaces of a Raspberry Pi on and off',
  description: 'By raspi-config. The board reboots afterwards.',
  examples: [
    '#cloud-config\nrpi:\n  interfaces:\n    spi: true\n    serial:\n      console: false\n      hardware: true\n',
  ],
  run: async ({ rpi = {} }, context) => {
    const { machine } = context
    const { attempt, finish } = attempts(machine.log)
    let isChanged = false
    const change = async (key: string, work: () => Promise<unknown>): Promise<void> => {
      await attempt(key, async () => {
        await work()
        isChanged = true
      })
    }
    const { enable_usb_gadget: gadget, interfaces = {} } = rpi
    if (gadget !== undefined) {
      // -f: also on boards that can't, since the card may go into another one.
      const argv = [gadgetTool, gadget ? 'on' : 'off', '-f']
      await change('rpi.enable_usb_gadget', () => machine.run(argv, { timeoutSeconds: 30 }))
    }
    for (const [name, call] of buses) {
      const isOn = interfaces[name]
      if (isOn !== undefined) await change(`rpi.interfaces.${name}`, () => raspiConfig(machine, call, isOn))
    }
    const { serial, spi } = interfaces
    if (serial !== undefined) await change('rpi.interfaces.serial', () => setSerial(machine, serial))
    if (spi !== undefined) await change('rpi.interfaces.spi', () => raspiConfig(machine, 'do_spi', spi))
    if (isChanged) await attempt('rpi', () => reboot(context))
    finish()
  },
})

import { attempts } from '../src/cloudconfig/attempts.ts'
import { defineModule, type ModuleContext } from '../src/cloudconfig/module.ts'
import { debianNames, suseNames, yumNames } from '../src/distros/names.ts'
import { ConfigError } from '../src/machine/errors.ts'

const schema = {
  type: 'object',
  properties: {
    keyboard: {
      type: 'object',
      additionalProperties: false,
      required: ['layout'],
      properties: {
        layout: { type: 'string', description: 'By XKB’s name: `us`, `de`.' },
        model: { type: 'string', default: 'pc105' },
        variant: { type: 'string', description: '`nodeadkeys`' },
        options: { type: 'string', description: '`compose:rwin`' },
      },
    },
  },
} as const

interface Keyboard {
  readonly layout: string
  readonly model: string
  readonly variant: string
  readonly options: string
}

type SetKeyboard = (context: ModuleContext, keyboard: Keyboard) => Promise<void>

const debianFile = '/etc/default/keyboard'

/** keyboard(5): for the console and X both. localectl does not work on every Debian. */
const onDebian: SetKeyboard = async ({ machine, distro }, { layout, model, variant, options }) => {
  const lines = [
    '# By `keyboard` in the configuration; see keyboard(5).',
    `XKBMODEL="${model}"`,
    `XKBLAYOUT="${layout}"`,
    `XKBVARIANT="${variant}"`,
    `XKBOPTIONS="${options}"`,
    'BACKSPACE="guess"',
    '',
  ]
  machine.files.write(debianFile, lines.join('\n'), { mode: 0o644 })
  if (distro.services.isActive(machine)) await distro.services.manage(machine, 'restart', 'console-setup')
}

/** Besides, the desktops of Raspberry Pi OS have settings of their own. */
const onRaspberryPi: SetKeyboard = async (context, keyboard) => {
  const { machine, distro } = context
  const { attempt, finish } = attempts(machine.log)
  await attempt('keyboard', () => onDebian(context, keyboard))
  const settings = ['/usr/bin/raspi-config', 'nonint']
  await attempt('keyboard', () => machine.run([...settings, 'update_labwc_keyboard']))
  await attempt('keyboard', () => machine.run([...settings, 'update_squeekboard', 'restart']))
  if (distro.services.isActive(machine)) {
    await attempt('keyboard', () => distro.services.manage(machine, 'restart', 'keyboard-setup'))
  }
  if (machine.which('udevadm') !== undefined) {
    const argv = ['udevadm', 'trigger', '--subsystem-match=input', '--action=change']
    await attempt('keyboard', () => machine.run(argv, { timeoutSeconds: 60 }))
  }
  finish()
}

/** Alpine knows layouts and their variants by its own list of keymaps. */
const onAlpine: SetKeyboard = async ({ machine }, { layout, variant }) => {
  await machine.run(['setup-keymap', layout, variant || layout], { timeoutSeconds: 60 })
}

const onOthers: SetKeyboard = async ({ machine }, { layout, model, variant, options }) => {
  await machine.run(['localectl', 'set-x11-keymap', layout, model, variant, options], { timeoutSeconds: 60 })
}

const ways: Readonly<Record<string, SetKeyboard>> = {
  alpine: onAlpine,
  debian: onDebian,
  'raspberry-pi-os': onRaspberryPi,
  ubuntu: onDebian,
}

/** Names of XKB; anything else would mean something to the shell that reads the file. */
const checked = (key: string, value: string): string => {
  if (/^[\w ,.:()+-]*$/.test(value) && !value.startsWith('-')) return value
  throw new ConfigError(`keyboard.${key}`, `${JSON.stringify(value)} is not a name that XKB has`)
}

export default defineModule({
  id: 'keyboard',
  frequency: 'instance',
  distros: [...debianNames, ...yumNames, ...suseNames, 'alpine', 'amazon', 'arch'],
  activateBy: ['keyboard'],
  schema,
  title: 'Sets the keyboard layout',
  examples: ['#cloud-config\nkeyboard:\n  layout: de\n  variant: nodeadkeys\n'],
  run: async ({ keyboard }, context) => {
    if (keyboard === undefined) return
    const { distro } = context
    const { layout, model = 'pc105', variant = '', options = '' } = keyboard
    const way = Object.hasOwn(ways, distro.id) ? ways[distro.id] : undefined
    await (way ?? (distro.family === 'debian' ? onDebian : onOthers))(context, {
      layout: checked('layout', layout),
      model: checked('model', model),
      variant: checked('variant', variant),
      options: checked('options', options),
    })
  },
})

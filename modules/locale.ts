import { defineModule } from '../src/cloudconfig/module.ts'

const schema = {
  type: 'object',
  properties: {
    locale: {
      oneOf: [{ type: 'boolean' }, { type: 'string' }],
      description:
        'The locale of new logins: `en_GB.UTF-8`. It is generated where needed. False leaves everything as it is. ' +
        'Without it, the one that is set already, or the distribution’s default.',
    },
    locale_configfile: {
      type: 'string',
      description: 'The file LANG is written to, instead of the distribution’s usual one.',
    },
  },
} as const

/** YAML 1.1 reads `off` and `no` as false; in quotes they stay text, and mean the same. */
const isOff = (text: string): boolean => ['false', 'off', 'no', '0', 'none'].includes(text.trim().toLowerCase())

export default defineModule({
  id: 'locale',
  frequency: 'instance',
  distros: 'all',
  title: 'Set the locale',
  examples: ['#cloud-config\nlocale: ar_AE.UTF-8\n', '#cloud-config\nlocale: false\n'],
  schema,
  run: async ({ locale, locale_configfile: configFile }, { machine, distro, arguments: [argument] }) => {
    const wanted = argument ?? locale ?? true
    if (wanted === false || (typeof wanted === 'string' && isOff(wanted))) return
    const name = wanted === true || wanted.trim() === '' ? distro.identity.readLocale(machine) : wanted.trim()
    await distro.identity.applyLocale(machine, { name, configFile, packages: distro.packages })
  },
})

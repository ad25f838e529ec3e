import { defineModule } from '../src/cloudconfig/module.ts'

const schema = {
  type: 'object',
  properties: {
    timezone: { type: 'string', description: 'A zone by its name in /usr/share/zoneinfo: `Europe/Berlin`.' },
  },
} as const

export default defineModule({
  id: 'timezone',
  frequency: 'instance',
  distros: 'all',
  activateBy: ['timezone'],
  title: 'Set the time zone',
  examples: ['#cloud-config\ntimezone: America/New_York\n'],
  schema,
  run: async ({ timezone }, { machine, distro, arguments: [argument] }) => {
    const zone = argument ?? timezone
    if (zone) await distro.identity.setTimezone(machine, zone.trim())
  },
})

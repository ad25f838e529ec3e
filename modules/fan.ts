import { attempts } from '../src/cloudconfig/attempts.ts'
import { defineModule } from '../src/cloudconfig/module.ts'
import { messageOf } from '../src/machine/errors.ts'

const schema = {
  type: 'object',
  properties: {
    fan: {
      type: 'object',
      required: ['config'],
      additionalProperties: false,
      properties: {
        config: { type: 'string', description: 'The configuration, as fanatic(8) reads it.' },
        config_path: { type: 'string', default: '/etc/network/fan', description: 'The file it goes to.' },
      },
    },
  },
} as const

const service = 'ubuntu-fan'

export default defineModule({
  id: 'fan',
  frequency: 'instance',
  distros: ['ubuntu'],
  activateBy: ['fan'],
  schema,
  title: 'Configures Ubuntu’s fan networking',
  examples: ['#cloud-config\nfan:\n  config: |\n    10.0.0.0/8 eth0/16 dhcp\n'],
  run: async ({ fan }, { machine, distro }) => {
    if (fan === undefined || fan.config === '') return
    const { config, config_path: file = '/etc/network/fan' } = fan
    const { attempt, finish } = attempts(machine.log)
    const manages = distro.services.isActive(machine)
    if (machine.which('fanctl') === undefined) await attempt('fan', () => distro.packages.install(machine, [service]))
    if (manages) {
      try {
        await distro.services.manage(machine, 'stop', service)
      } catch (error) {
        machine.log.warning(`fan: ${messageOf(error)}`)
      }
    }
    await attempt('fan.config', () => machine.files.write(file, config.endsWith('\n') ? config : `${config}\n`))
    if (manages) {
      await attempt('fan', () => distro.services.manage(machine, 'start', service))
      await attempt('fan', () => distro.services.manage(machine, 'enable', service))
    }
    finish()
  },
})

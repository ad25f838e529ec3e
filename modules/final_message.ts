import { defineModule } from '../src/cloudconfig/module.ts'
import { renderTemplate } from '../src/distros/render-template.ts'
import { messageOf } from '../src/machine/errors.ts'
import { httpTime } from '../src/machine/time.ts'
import { version } from '../src/machine/version.ts'

const schema = {
  type: 'object',
  properties: {
    final_message: {
      type: 'string',
      description:
        'Printed at the end of every boot. `$version`, `$timestamp`, `$datasource`, `$uptime` (seconds) are filled in; ' +
        'a first line `## template: jinja` makes it a jinja template.',
    },
  },
} as const

const defaultMessage =
  '## template: jinja\nfirstlight {{version}} finished at {{timestamp}}. Datasource {{datasource}}. Up {{uptime}} seconds'

export default defineModule({
  id: 'final_message',
  frequency: 'always',
  distros: 'all',
  title: 'Say that the boot is finished',
  description: 'Prints the message, and writes `boot-finished` in the instance’s folder, which scripts wait for.',
  examples: ['#cloud-config\nfinal_message: |\n  up after $uptime seconds\n  version: $version\n'],
  schema,
  run: async (config, context) => {
    const { machine, instance } = context
    const [argument] = context.arguments
    const template = (argument ?? config.final_message ?? '').trim() || defaultMessage
    const values = {
      version,
      timestamp: httpTime(machine.clock.now()),
      datasource: instance.description ?? `DataSource${instance.datasource}`,
      uptime: machine.clock.uptime().toFixed(2),
    }
    const inCapitals = Object.entries(values).map(([name, value]) => [name.toUpperCase(), value] as const)
    try {
      machine.log.announce(await renderTemplate(template, { ...values, ...Object.fromEntries(inCapitals) }))
    } catch (error) {
      machine.log.warning(`final_message: it is no usable template: ${messageOf(error)}`)
    }
    const finished = `${values.uptime} - ${values.timestamp} - v. ${version}\n`
    machine.files.write(`${instance.folder}/boot-finished`, finished)
    if (instance.datasource === 'None')
      machine.log.warning('no cloud was found: this machine has the image’s own configuration')
  },
})

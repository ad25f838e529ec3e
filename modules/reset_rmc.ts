import { defineModule } from '../src/cloudconfig/module.ts'
import { ConfigError } from '../src/machine/errors.ts'
import type { Machine } from '../src/machine/machine.ts'

const folder = '/opt/rsct/install/bin'
const folders = [folder, '/opt/rsct/bin']
const nodeFile = '/etc/ct_node_id'

const nodeId = (machine: Machine): string => machine.files.readText(nodeFile).split('\n', 1)[0] ?? ''

/** RSCT's tools call each other by name. */
const environment = (machine: Machine) => {
  const path = [...folders, machine.environment['PATH'] ?? '/usr/sbin:/usr/bin:/sbin:/bin'].join(':')
  return { env: { PATH: path }, timeoutSeconds: 300 }
}

/** Most have a link to it in PATH. */
const tool = (machine: Machine, name: string): string =>
  folders.map((place) => `${place}/${name}`).find((path) => machine.files.exists(path)) ?? name

export default defineModule({
  id: 'reset_rmc',
  frequency: 'instance',
  distros: 'all',
  schema: { type: 'object', properties: {} },
  title: 'Gives an IBM Power machine that was copied a node id of its own',
  description: 'Where RSCT is installed. Its data is made anew.',
  run: async (_config, { machine, instance }) => {
    if (instance.datasource === 'None' || machine.files.stat(folder)?.type !== 'folder') return
    const before = nodeId(machine)
    const options = environment(machine)
    await machine.run([tool(machine, 'rmcctrl'), '-z'], options)
    await machine.run([tool(machine, 'recfgct')], options)
    if (nodeId(machine) !== before || machine.kind === 'plan') return
    throw new ConfigError(nodeFile, 'recfgct did not make a new node id')
  },
})

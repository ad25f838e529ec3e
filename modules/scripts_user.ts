import { defineModule } from '../src/cloudconfig/module.ts'
import { runParts } from '../src/machine/run-parts.ts'

export default defineModule({
  id: 'scripts_user',
  frequency: 'instance',
  distros: 'all',
  title: 'Run the user’s scripts',
  description: 'Runs the scripts of user-data, and that of runcmd, once per instance, in the order of their names.',
  schema: { type: 'object', properties: {} } as const,
  run: (_config, { machine, paths }) => runParts(machine, `${paths.cloud}/instance/scripts`),
})

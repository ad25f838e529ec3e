import { defineModule } from '../src/cloudconfig/module.ts'
import { runParts } from '../src/machine/run-parts.ts'

export default defineModule({
  id: 'scripts_per_instance',
  frequency: 'instance',
  distros: 'all',
  title: 'Run scripts once per instance',
  description: 'Runs the executable files in `scripts/per-instance` of the state folder, in the order of their names.',
  schema: { type: 'object', properties: {} } as const,
  run: (_config, { machine, paths }) => runParts(machine, `${paths.cloud}/scripts/per-instance`),
})

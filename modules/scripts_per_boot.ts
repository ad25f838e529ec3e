import { defineModule } from '../src/cloudconfig/module.ts'
import { runParts } from '../src/machine/run-parts.ts'

export default defineModule({
  id: 'scripts_per_boot',
  frequency: 'always',
  distros: 'all',
  title: 'Run scripts at every boot',
  description: 'Runs the executable files in `scripts/per-boot` of the state folder, in the order of their names.',
  schema: { type: 'object', properties: {} } as const,
  run: (_config, { machine, paths }) => runParts(machine, `${paths.cloud}/scripts/per-boot`),
})

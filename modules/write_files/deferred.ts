import { defineModule } from '../../src/cloudconfig/module.ts'
import { readEntries } from './entries.ts'
import { writeFilesSchema } from './schema.ts'
import { writeEntries } from './write-entries.ts'

export default defineModule({
  id: 'write_files_deferred',
  frequency: 'instance',
  distros: 'all',
  activateBy: ['write_files'],
  title: 'Write files in the final stage',
  description:
    'Writes those files of `write_files` that say `defer: true`, when users are made and packages installed.',
  examples: [
    '#cloud-config\nwrite_files:\n  - {path: /home/lena/notes, content: hello, owner: "lena:lena", defer: true}\n',
  ],
  schema: writeFilesSchema,
  run: async (_config, context) => {
    const silent = { ...context.machine.log, warning: context.machine.log.debug }
    const entries = readEntries(context.cloudConfig['write_files'], silent)
    await writeEntries(
      context,
      entries.filter((entry) => entry.isDeferred),
      'write_files_deferred',
    )
  },
})

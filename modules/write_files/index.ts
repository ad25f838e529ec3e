import { defineModule } from '../../src/cloudconfig/module.ts'
import { readEntries } from './entries.ts'
import { writeFilesSchema } from './schema.ts'
import { writeEntries } from './write-entries.ts'

export default defineModule({
  id: 'write_files',
  frequency: 'instance',
  distros: 'all',
  activateBy: ['write_files'],
  title: 'Write files',
  description:
    'Files appear whole, with their mode and owner set before their content. Each is written early in the first boot, ' +
    'before users and packages are there, unless it says `defer: true`. Do not write below /tmp or /run/lock: the system ' +
    'may clean them up while it starts.',
  examples: [
    '#cloud-config\nwrite_files:\n  - path: /etc/motd\n    content: "welcome\\n"\n    append: true\n' +
      '  - path: /usr/local/bin/hello\n    encoding: gzip+base64\n' +
      '    content: H4sIAAAAAAACA1NW1E/KzNMvzuBKTc7IV8hIzcnJVyjPL8pJ4QIA6N+MVxsAAAA=\n' +
      '    owner: root:adm\n    permissions: "0750"\n',
  ],
  schema: writeFilesSchema,
  run: async (_config, context) => {
    const entries = readEntries(context.cloudConfig['write_files'], context.machine.log)
    await writeEntries(
      context,
      entries.filter((entry) => !entry.isDeferred),
      'write_files',
    )
  },
})

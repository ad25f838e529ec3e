import { defineModule } from '../src/cloudconfig/module.ts'
import { ItemsFailed } from '../src/machine/errors.ts'
import { scriptTimeoutSeconds } from '../src/machine/run-parts.ts'
import { shellScript } from '../src/machine/shell-script.ts'

const schema = {
  type: 'object',
  properties: {
    bootcmd: {
      type: 'array',
      minItems: 1,
      description: 'Commands, in order. A text is a line of shell; a list is one command, its words taken as they are.',
      items: {
        oneOf: [{ type: 'array', items: { type: 'string' } }, { type: 'string' }],
      },
    },
  },
} as const

export default defineModule({
  id: 'bootcmd',
  frequency: 'always',
  distros: 'all',
  activateBy: ['bootcmd'],
  title: 'Run commands early in every boot',
  description:
    'Runs before users, packages and most files are there, at every boot. `INSTANCE_ID` is in the environment; ' +
    '`cloud-init-per` runs a command once per instance or once only. For commands at the end of the first boot see runcmd.',
  examples: [
    '#cloud-config\nbootcmd:\n  - echo 192.0.2.10 db >> /etc/hosts\n  - [cloud-init-per, once, mymkfs, mkfs, /dev/vdb]\n',
  ],
  schema,
  run: async ({ bootcmd }, { machine, instance, paths }) => {
    if (bootcmd === undefined) return
    const { content, problems } = shellScript(bootcmd, 'bootcmd')
    for (const problem of problems) machine.log.error(problem)
    const file = `${paths.run}/bootcmd`
    machine.files.write(file, content, { mode: 0o700 })
    const env = { INSTANCE_ID: instance.id }
    await machine.run(['/bin/sh', file], { env, output: 'pass', timeoutSeconds: scriptTimeoutSeconds }).finally(() => {
      machine.files.remove(file)
    })
    if (problems.length > 0) throw new ItemsFailed(problems)
  },
})

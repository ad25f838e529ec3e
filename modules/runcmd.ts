import { defineModule } from '../src/cloudconfig/module.ts'
import { ItemsFailed } from '../src/machine/errors.ts'
import { shellScript } from '../src/machine/shell-script.ts'

const schema = {
  type: 'object',
  properties: {
    runcmd: {
      type: 'array',
      minItems: 1,
      description:
        'Commands, in order. A text is a line of shell; a list is one command, its words taken as they are. ' +
        'An empty item is passed over.',
      items: {
        oneOf: [{ type: 'array', items: { type: 'string' } }, { type: 'string' }, { type: 'null' }],
      },
    },
  },
} as const

export default defineModule({
  id: 'runcmd',
  frequency: 'instance',
  distros: 'all',
  activateBy: ['runcmd'],
  title: 'Run commands at the end of the first boot',
  description:
    'Writes the commands as one shell script, `scripts/runcmd` of the instance; scripts_user runs it in the final stage, ' +
    'when packages are installed and the network is up. Do not write to /tmp at boot: use /run.',
  examples: ['#cloud-config\nruncmd:\n  - [ls, -l, /]\n  - echo "$(date): hello" > /run/hello\n'],
  schema,
  run: ({ runcmd }, { machine, instance }) => {
    if (runcmd === undefined) return
    const { content, problems } = shellScript(runcmd, 'runcmd')
    for (const problem of problems) machine.log.error(problem)
    machine.files.write(`${instance.folder}/scripts/runcmd`, content, { mode: 0o700 })
    if (problems.length > 0) throw new ItemsFailed(problems)
  },
})

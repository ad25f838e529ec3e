import { type Command, textArgument } from './command.ts'

/** `network show`, `network diff`. */
export const networkCommand: Command = {
  usage: 'network <action> [link]',
  summary: 'Show the network as it is, or what configuring it would change',
  positionals: {
    action: { type: 'string', choices: ['show', 'diff'], describe: 'Links, addresses, routes; or what would change' },
    link: { type: 'string', describe: 'Show this link alone' },
  },
  options: {
    json: { type: 'boolean', describe: 'As data' },
    'network-data': { alias: 'p', type: 'string', describe: 'diff: a document, instead of what the machine was given' },
    kind: {
      alias: 'k',
      choices: ['yaml', 'eni', 'network_data.json', 'azure-imds', 'vmware-imc'],
      describe: 'diff: what the document is; default yaml',
    },
    'output-kind': {
      alias: 'O',
      choices: ['eni', 'netplan', 'networkd', 'sysconfig', 'network-manager'],
      describe: 'diff: the renderer, instead of the one this machine has',
    },
    'show-secrets': { type: 'boolean', describe: 'diff: show passwords and keys' },
  },
  run: async (context, args) => {
    const link = textArgument(args, 'link')
    if (textArgument(args, 'action') === 'show') {
      const given = ['network-data', 'kind', 'output-kind', 'show-secrets'].find((name) => args[name] !== undefined)
      if (given !== undefined) {
        context.console.complain(`network show: --${given} is for network diff`)
        return 2
      }
      const { showNetwork } = await import('./network-show.ts')
      return showNetwork(context, args, link)
    }
    if (link !== undefined) {
      context.console.complain('network diff: takes no link: it compares the whole configuration')
      return 2
    }
    const { diffNetwork } = await import('./network-diff.ts')
    return diffNetwork(context, args)
  },
}

import { basename } from 'node:path'
import { type Command, isSet, listArgument } from './command.ts'
import { readInputFile } from './input-file.ts'

/** `make-mime`: one user-data of several files. */
export const makeMimeCommand: Command = {
  usage: 'make-mime',
  summary: 'Make one user-data of several files',
  options: {
    attach: { alias: 'a', type: 'string', array: true, describe: 'FILE or FILE:TYPE, such as setup.sh:x-shellscript' },
    'list-types': { alias: 'l', type: 'boolean', describe: 'List the types' },
    force: { alias: 'f', type: 'boolean', describe: 'Take any type' },
  },
  run: async (context, args) => {
    const { attachableTypes, makeMime, typeOf } = await import('../userdata/make-mime.ts')
    if (isSet(args, 'list-types')) {
      context.console.print(attachableTypes.join('\n'))
      return 0
    }
    const names = listArgument(args, 'attach')
    if (names.length === 0) {
      context.console.complain('make-mime: name files with --attach FILE:TYPE')
      return 2
    }
    const attachments = []
    for (const name of names) {
      const [, path = '', type] = /^(.*?)(?::([^:/]+(?:\/[^:/]+)?))?$/s.exec(name) ?? []
      const content = (await readInputFile(context, path)) ?? new Uint8Array()
      attachments.push({ filename: basename(path), content, ...(type !== undefined && { type }) })
    }
    const unknown = attachments.map(typeOf).filter((type) => !attachableTypes.includes(type.replace(/^text\//, '')))
    for (const type of unknown) context.console.complain(`make-mime: nothing takes ${type}; --list-types lists what is`)
    if (unknown.length > 0 && !isSet(args, 'force')) return 1
    context.console.print(makeMime(attachments).trimEnd())
    return 0
  },
}

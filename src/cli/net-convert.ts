import { resolve } from 'node:path'
import { messageOf } from '../machine/errors.ts'
import { type Command, isSet, listArgument, textArgument } from './command.ts'
import { readInputFile } from './input-file.ts'

const kinds = ['eni', 'network_data.json', 'yaml', 'azure-imds', 'vmware-imc'] as const
const renderers = ['eni', 'netplan', 'networkd', 'sysconfig', 'network-manager'] as const

/** The distributions whose files can be written, by cloud-init's names. */
const distros = [
  'OpenCloudOS',
  'TencentOS',
  'almalinux',
  'alpine',
  'amazon',
  'aosc',
  'arch',
  'azurelinux',
  'centos',
  'cloudlinux',
  'cos',
  'debian',
  'eurolinux',
  'fedora',
  'gentoo',
  'mariner',
  'miraclelinux',
  'openEuler',
  'openeuler',
  'openmandriva',
  'opensuse',
  'opensuse-leap',
  'opensuse-microos',
  'opensuse-tumbleweed',
  'photon',
  'raspberry-pi-os',
  'rhel',
  'rocky',
  'sle-micro',
  'sle_hpc',
  'sles',
  'suse',
  'ubuntu',
  'unknown',
  'virtuozzo',
] as const

/** `net-convert`: what a renderer makes of a network document, in a folder of its own. */
export const netConvertCommand: Command = {
  usage: 'net-convert',
  summary: 'Convert a network document to the files of a renderer',
  shortWords: { '-d': '--directory' },
  options: {
    'network-data': { alias: 'p', type: 'string', demandOption: true, describe: 'The document' },
    kind: { alias: 'k', choices: kinds, demandOption: true, describe: 'What the document is' },
    directory: { type: 'string', demandOption: true, describe: 'Folder to write to (-d)' },
    distro: { alias: 'D', choices: distros, demandOption: true, describe: 'For which distribution' },
    'output-kind': { alias: 'O', choices: renderers, demandOption: true, describe: 'The renderer' },
    mac: { alias: 'm', type: 'string', array: true, describe: 'An interface of the machine: name,mac' },
  },
  run: async (context, args) => {
    const { convertNetwork } = await import('../network/convert.ts')
    const { listNics } = await import('../network/nics.ts')
    const macs = listArgument(args, 'mac').map((pair) => {
      const [name = '', mac = ''] = pair.split(',')
      return { name, mac }
    })
    const bad = macs.find(({ name, mac }) => name === '' || mac === '')
    if (bad !== undefined) {
      context.console.complain('net-convert: --mac takes name,mac, such as eth0,52:54:00:12:34:00')
      return 2
    }
    const machine = await context.here()
    const kind = kinds.find((known) => known === textArgument(args, 'kind')) ?? 'yaml'
    const renderer = textArgument(args, 'output-kind') ?? ''
    const folder = resolve(textArgument(args, 'directory') ?? '.')
    try {
      const text = Buffer.from((await readInputFile(context, textArgument(args, 'network-data'))) ?? '').toString()
      const files = convertNetwork(text, {
        kind,
        renderer,
        macs,
        nics: listNics(machine),
        distro: textArgument(args, 'distro') ?? '',
        hasIp: machine.which('ip') !== undefined,
        warn: (message) => context.console.complain(message),
      })
      for (const { path, content, mode } of files) machine.files.write(`${folder}${path}`, content, { mode })
      if (isSet(args, 'debug')) context.console.complain(files.map(({ path }) => `${folder}${path}`).join('\n'))
      context.console.complain(`Read ${kind}, wrote ${files.length} files for ${renderer} to ${folder}`)
      return 0
    } catch (error) {
      context.console.complain(`net-convert: ${messageOf(error)}`)
      return 1
    }
  },
}

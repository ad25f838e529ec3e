import { defineModule, type ModuleContext } from '../src/cloudconfig/module.ts'
import { networkEvents } from '../src/cloudconfig/update-events.ts'
import type { Machine } from '../src/machine/machine.ts'

const schema = {
  type: 'object',
  properties: {
    updates: {
      type: 'object',
      additionalProperties: false,
      properties: {
        network: {
          type: 'object',
          required: ['when'],
          additionalProperties: false,
          properties: {
            when: {
              type: 'array',
              items: { type: 'string', enum: ['boot-new-instance', 'boot-legacy', 'boot', 'hotplug'] },
              description:
                'Events at which the network is configured anew; `hotplug`: an interface was added or removed.',
            },
          },
        },
      },
    },
  },
} as const

const rulesFile = '/etc/udev/rules.d/90-cloud-init-hook-hotplug.rules'

/** Where a package puts the program that udev calls; the newer place first. */
const programFolders = ['/usr/libexec/cloud-init', '/usr/lib/cloud-init'] as const

/** Interfaces of the cloud itself, where its own are known: those that containers come and go with are none of ours. */
const ownInterfaces: Readonly<Record<string, string>> = {
  Ec2: 'ENV{ID_NET_DRIVER}=="vif|ena|ixgbevf"',
  Hetzner: 'SUBSYSTEM=="net", ATTR{address}=="86:*"',
  VMware: 'ENV{ID_NET_DRIVER}=="e1000|e1000e|vlance|vmxnet2|vmxnet3|vrdma"',
}

const programFolder = ({ files }: Machine): string =>
  programFolders.find((folder) => files.exists(`${folder}/hook-hotplug`)) ??
  programFolders.find((folder) => files.exists(folder)) ??
  programFolders[1]

/**
 * udev(7): what is no new network interface jumps to the end. Of interfaces that go tells a rule of the package
 * (config/package/90-firstlight-hotplug.rules), for as long as this one is there.
 */
const rules = ({ machine, instance }: ModuleContext): string => {
  const folder = programFolder(machine)
  const own = Object.hasOwn(ownInterfaces, instance.datasource) ? ownInterfaces[instance.datasource] : undefined
  return [
    '# `hotplug` is among the events in updates.network.when: a new interface is configured as the cloud says.',
    'ACTION!="add", GOTO="cloudinit_end"',
    ...(own === undefined ? [] : [`${own}, GOTO="cloudinit_hook"`, 'GOTO="cloudinit_end"']),
    'LABEL="cloudinit_hook"',
    `SUBSYSTEM=="net", RUN+="${folder}/hook-hotplug"`,
    'LABEL="cloudinit_end"',
    '',
  ].join('\n')
}

export default defineModule({
  id: 'install_hotplug',
  frequency: 'instance',
  distros: 'all',
  schema,
  title: 'Configures network interfaces that are added to the running machine',
  description:
    'By a rule for udev (docs/network.md, "Hotplug"). Without `updates.network.when` the datasource decides, and `hotplug-hook enable`.',
  examples: ['#cloud-config\nupdates:\n  network:\n    when: [boot, hotplug]\n'],
  run: async (_config, context) => {
    const { machine, paths, cloudConfig, instance } = context
    const isWanted = networkEvents(machine, paths, cloudConfig, instance.data).has('hotplug')
    if (!isWanted && !machine.files.exists(rulesFile)) return
    if (isWanted && machine.which('udevadm') === undefined) {
      machine.log.debug('install_hotplug: there is no udev here')
      return
    }
    if (isWanted) machine.files.write(rulesFile, rules(context))
    else machine.files.remove(rulesFile)
    await machine.run(['udevadm', 'control', '--reload-rules'], { timeoutSeconds: 60 })
  },
})

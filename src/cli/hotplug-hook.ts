import type { HotplugLines } from '../machine/hotplug-lines.ts'
import { type Command, type CommandContext, textArgument } from './command.ts'

const actions = ['query', 'handle', 'enable', 'listen'] as const

/** `devel hotplug-hook`: network interfaces that come and go while the machine runs. */
export const hotplugHookCommand: Command = {
  usage: 'hotplug-hook <action>',
  summary: 'Configure network interfaces that were added or removed',
  shortWords: { '-d': '--devpath' },
  positionals: {
    action: {
      choices: actions,
      describe: 'query: is it enabled; enable; handle: one event; listen: all, for cloud-init-hotplugd.service',
    },
  },
  options: {
    subsystem: { alias: 's', choices: ['net'], demandOption: true, describe: 'What came or went' },
    devpath: { type: 'string', describe: 'Path of the interface in sysfs (-d), for handle' },
    udevaction: { alias: 'u', choices: ['add', 'remove'], describe: 'What happened, for handle' },
  },
  run: async (context, args) => {
    const devpath = textArgument(args, 'devpath')
    const udevaction = textArgument(args, 'udevaction')
    switch (textArgument(args, 'action')) {
      case 'query':
        return query(context)
      case 'enable':
        return enable(context)
      case 'listen':
        return handle(context, (await import('../machine/hotplug-lines.ts')).openHotplugLines())
      default:
        if (devpath === undefined || udevaction === undefined) {
          context.console.complain('hotplug-hook: handle needs --devpath and --udevaction')
          return 2
        }
        return handle(context, await oneEvent(devpath, udevaction))
    }
  },
}

const oneEvent = async (devpath: string, action: string): Promise<HotplugLines> => {
  const { formatEvent } = await import('../boot/hotplug-events.ts')
  const lines = [formatEvent(devpath, action)]
  return { read: () => lines.splice(0) }
}

const handle = async (context: CommandContext, lines: HotplugLines): Promise<number> => {
  const { openBoot } = await import('../boot/open-boot.ts')
  const { handleHotplug } = await import('../boot/hotplug.ts')
  const failures = await handleHotplug(await openBoot(await context.machine({ keepsLog: true })), lines)
  return failures.length === 0 ? 0 : 1
}

const query = async (context: CommandContext): Promise<number> => {
  const { openBoot } = await import('../boot/open-boot.ts')
  const { isHotplugEnabled } = await import('../boot/hotplug-enabled.ts')
  const { currentInstance } = await import('../boot/load-instance.ts')
  const boot = await openBoot(await context.machine())
  const instance = currentInstance(boot)
  if (instance === undefined) {
    context.console.complain('hotplug-hook: there is no instance yet: no datasource was found')
    return 1
  }
  context.console.print((await isHotplugEnabled(boot, instance)) ? 'enabled' : 'disabled')
  return 0
}

const enable = async (context: CommandContext): Promise<number> => {
  const opened = await context.machine({ keepsLog: true })
  if (opened.machine.userId !== 0) {
    context.console.complain('hotplug-hook: only root can enable it')
    return 1
  }
  const { openBoot } = await import('../boot/open-boot.ts')
  const { enableHotplug } = await import('../boot/hotplug-enabled.ts')
  const failures = await enableHotplug(await openBoot(opened))
  for (const failure of failures) context.console.complain(failure)
  if (failures.length > 0) return 1
  context.console.print('hotplug is enabled: network interfaces that come and go are configured')
  return 0
}

import { bootCommand } from './boot.ts'
import { changesCommand } from './changes.ts'
import { cleanCommand } from './clean.ts'
import { cloudIdCommand } from './cloud-id.ts'
import type { Command } from './command.ts'
import { hotplugHookCommand } from './hotplug-hook.ts'
import { initCommand } from './init.ts'
import { makeMimeCommand } from './make-mime.ts'
import { modulesCommand } from './modules.ts'
import { netConvertCommand } from './net-convert.ts'
import { networkCommand } from './network.ts'
import { planCommand } from './plan.ts'
import { queryCommand } from './query.ts'
import { renderCommand } from './render.ts'
import { sandboxInsideCommand } from './sandbox-inside.ts'
import { schemaCommand } from './schema.ts'
import { singleCommand } from './single.ts'
import { statusCommand } from './status.ts'
import { tryCommand } from './try.ts'
import { whyCommand } from './why.ts'

/** Every command, in the order of the help. */
export const commands: readonly Command[] = [
  tryCommand,
  planCommand,
  whyCommand,
  changesCommand,
  bootCommand,
  initCommand,
  modulesCommand,
  singleCommand,
  statusCommand,
  queryCommand,
  schemaCommand,
  renderCommand,
  makeMimeCommand,
  netConvertCommand,
  networkCommand,
  hotplugHookCommand,
  cleanCommand,
  cloudIdCommand,
  sandboxInsideCommand,
]

import type { ModuleContext } from '../../src/cloudconfig/module.ts'
import { CommandError } from '../../src/machine/errors.ts'
import { isJsonObject, type JsonObject } from '../../src/machine/json.ts'
import type { Machine } from '../../src/machine/machine.ts'
import type { VolumeLayer } from './layers.ts'
import { hasRoomForExtent } from './physical-volume.ts'

const options = { env: { LANG: 'C', LC_ALL: 'C', LVM_SUPPRESS_FD_WARNINGS: '1' }, timeoutSeconds: 300 }
interface VolumeFacts {
  /** `linear`, `thin,sparse` ... */
  readonly layout: string
  /** Extents of its group that no volume has. */
  readonly freeExtents: number
}

const devicePath = ({ name }: VolumeLayer): string => `/dev/mapper/${name}`

const factsOf = async (machine: Machine, volume: VolumeLayer): Promise<VolumeFacts> => {
  const words = ['--noheadings', '--separator', '|', '--options', 'lv_layout,vg_free_count', devicePath(volume)]
  const argv = ['lvm', 'lvs', ...words]
  const { stdout } = await machine.ask(argv, options)
  const [layout = '', free = ''] = stdout.trim().split('|')
  if (!/^\d+$/.test(free)) throw new CommandError(argv, 0, stdout, '', 'does not say how many extents are free')
  return { layout, freeExtents: Number(free) }
}

/**
 * What was free in a group before its disk grew: that stays free. Written down before anything changes, and removed when
 * all is done, so that the boot after one that was cut off in between goes on.
 */
const notesFile = ({ paths }: ModuleContext): string => `${paths.cloud}/data/growing-volumes.json`

const readNotes = (context: ModuleContext): JsonObject => {
  try {
    const value: unknown = JSON.parse(context.machine.files.readTextIfExists(notesFile(context)) ?? '{}')
    return isJsonObject(value) ? value : {}
  } catch {
    return {}
  }
}

const writeNotes = (context: ModuleContext, notes: JsonObject): void => {
  const { files } = context.machine
  if (Object.keys(notes).length === 0) files.remove(notesFile(context))
  else files.write(notesFile(context), `${JSON.stringify(notes)}\n`, { mode: 0o600 })
  files.flush()
}

/**
 * Lets a logical volume have what its disk has gained: the physical volumes below it grow to their devices' size, and what
 * that adds to the free extents of the group becomes the volume's.
 * @param hasRoom whether something below the volume is going to grow
 * @param growBelow lets the devices of the physical volumes grow
 * @throws CommandError, FileError
 */
export const growVolume = async (
  context: ModuleContext,
  volume: VolumeLayer,
  hasRoom: boolean,
  growBelow: () => Promise<void>,
): Promise<void> => {
  const { machine } = context
  if (machine.which('lvm') === undefined) return machine.log.info(`growpart: no lvm: ${volume.name} stays as it is`)
  const { [volume.name]: noted, ...others } = readNotes(context)
  let kept = typeof noted === 'number' ? noted : undefined
  const remember = async (): Promise<void> => {
    if (kept !== undefined) return
    kept = (await factsOf(machine, volume)).freeExtents
    writeNotes(context, { ...others, [volume.name]: kept })
  }

  if (hasRoom) await remember()
  await growBelow()
  for (const { path } of volume.below) {
    if (!((await hasRoomForExtent(machine, path)) ?? hasRoom)) continue
    await remember()
    await machine.run(['lvm', 'pvresize', path], options)
  }
  if (kept === undefined) return machine.log.debug(`growpart: the volume ${volume.name} is as large as it can be`)
  await extend(machine, volume, kept)
  writeNotes(context, others)
}

const extend = async (machine: Machine, volume: VolumeLayer, keptExtents: number): Promise<void> => {
  const { layout, freeExtents } = await factsOf(machine, volume)
  const gained = freeExtents - keptExtents
  if (gained <= 0) return
  if (layout !== 'linear') {
    return machine.log.info(
      `growpart: ${volume.name} is no linear volume (${layout}): its group has ${gained} extents more`,
    )
  }
  await machine.run(['lvm', 'lvextend', '--extents', `+${gained}`, devicePath(volume)], options)
  machine.log.info(`growpart: the volume ${volume.name} grew by ${gained} extents`)
}

import { bytesOfText } from '../machine/bytes.ts'
import { messageOf } from '../machine/errors.ts'
import type { Machine } from '../machine/machine.ts'
import { type ConfigPart, configFileText, mergeConfigParts } from './cloud-config-parts.ts'
import { anyType, type Delivery, type PartHandler } from './delivery.ts'
import { fileNameOf, withUnixLineEnds } from './file-name.ts'
import { contentTypes, type Part, typeByBeginning } from './part.ts'
import { registerPartHandler } from './part-handler.ts'

/**
 * Hands each part to its handler, in order: scripts and boothooks are written (and boothooks run), cloud-config parts are
 * merged and written at the end, templates are rendered first. A part that fails is reported; the others go on.
 */
export const deliverParts = async (machine: Machine, parts: readonly Part[], delivery: Delivery): Promise<void> => {
  const configs: ConfigPart[] = []
  const called = new Set<PartHandler>(delivery.handlers.values())
  for (const handler of called) await handler.begin()
  for (const part of parts) {
    try {
      await deliverPart(machine, part, delivery, configs, called)
    } catch (error) {
      machine.log.error(`${delivery.source}: ${nameOf(part)} fails: ${messageOf(error)}`)
    }
  }
  delivery.onConfigParts?.(configs)
  const text =
    configs.length > 0
      ? configFileText(mergeConfigParts(configs, delivery.source, machine.log, delivery.limits.yaml))
      : ''
  machine.files.write(delivery.configFile, bytesOfText(text), { mode: 0o600 })
  for (const handler of new Set(delivery.handlers.values())) await handler.end()
}

const nameOf = ({ filename, contentType }: Part): string => `${filename.replace(/\p{Cc}/gu, ' ')} (${contentType})`

const deliverPart = async (
  machine: Machine,
  part: Part,
  delivery: Delivery,
  configs: ConfigPart[],
  called: Set<PartHandler>,
): Promise<void> => {
  const { contentType, payload } = part
  if (delivery.excludedTypes?.includes(contentType)) {
    machine.log.debug(`${delivery.source}: ${nameOf(part)} is left out: the configuration excludes its type`)
    return
  }
  if (contentType === contentTypes.partHandler) {
    const handler = await registerPartHandler(machine, part, delivery, called.size)
    if (handler) called.add(handler)
    return
  }
  const handler = delivery.handlers.get(contentType)
  if (handler) await handler.handle(part)
  else if (contentType === contentTypes.jinja) await deliverTemplate(machine, part, delivery, configs)
  else if (!(await deliverKnown(machine, part, contentType, delivery, configs)) && payload !== '') {
    if (!delivery.handlers.has(anyType)) machine.log.warning(unhandled(part, delivery))
  }
}

const unhandled = (part: Part, { source }: Delivery): string => {
  if (part.payload.startsWith('\ufeff')) {
    return `${source}: ${nameOf(part)} begins with a byte-order mark and has no effect: save it as UTF-8 without one`
  }
  return part.contentType === contentTypes.notMultipart
    ? `${source} is of no known kind and has no effect; its first line must be one such as #cloud-config or #!/bin/sh`
    : `${source}: nothing handles ${nameOf(part)}, so it has no effect`
}

/** @returns false when the type is none that is handled here. */
const deliverKnown = async (
  machine: Machine,
  part: Part,
  type: string,
  delivery: Delivery,
  configs: ConfigPart[],
): Promise<boolean> => {
  const { filename, payload } = part
  switch (type) {
    case contentTypes.cloudConfig:
    case contentTypes.jsonPatch:
      configs.push({
        name: filename,
        kind: part.contentType === contentTypes.jsonPatch ? 'json-patch' : 'cloud-config',
        text: payload,
        mergeType: (part.headers['Merge-Type'] || part.headers['X-Merge-Type']) ?? '',
        ...(part.contentType === contentTypes.jinja && { isRendered: true }),
      })
      return true
    case contentTypes.script:
      writeScript(machine, delivery.scriptFolder, filename, withUnixLineEnds(payload))
      return true
    case `${contentTypes.script}-per-boot`:
    case `${contentTypes.script}-per-instance`:
    case `${contentTypes.script}-per-once`: {
      const folder = `${delivery.frequencyFolder}/${type.slice(contentTypes.script.length + 1)}`
      writeScript(machine, folder, filename.split('/').at(-1) ?? '', withUnixLineEnds(payload))
      return true
    }
    case contentTypes.boothook:
      await runBoothook(machine, part, delivery)
      return true
    default:
      return false
  }
}

const writeScript = (machine: Machine, folder: string, name: string, text: string): string => {
  const path = `${folder}/${fileNameOf(name)}`
  machine.files.write(path, bytesOfText(text), { mode: 0o700 })
  return path
}

const runBoothook = async (machine: Machine, part: Part, delivery: Delivery): Promise<void> => {
  const text = withUnixLineEnds(part.payload)
    .replace(/^#cloud-boothook/, '')
    .trimStart()
  const path = writeScript(machine, `${delivery.instanceFolder}/boothooks`, part.filename, text)
  await machine.run([path], { env: { INSTANCE_ID: delivery.instanceId }, output: 'pass' })
}

/** What a template may become. Anything else, a JSON patch too, is not taken from one. */
const templateTypes: ReadonlySet<string> = new Set([
  contentTypes.cloudConfig,
  contentTypes.jsonPatch,
  contentTypes.script,
  contentTypes.boothook,
])

const deliverTemplate = async (
  machine: Machine,
  part: Part,
  delivery: Delivery,
  configs: ConfigPart[],
): Promise<void> => {
  const stored = machine.files.readTextIfExists(delivery.variablesFile)
  if (stored === undefined) {
    machine.log.warning(`${delivery.source}: ${nameOf(part)} can't be rendered: ${delivery.variablesFile} is missing`)
    return
  }
  const { renderTemplate, variablesOf } = await import('../template/render-config.ts')
  const rendered = renderTemplate(
    part.payload,
    part.filename,
    variablesOf(stored),
    machine.log,
    delivery.limits.template,
  )
  if (rendered === '') return
  const type = typeByBeginning(rendered)
  if (type === undefined || !templateTypes.has(type)) {
    machine.log.warning(
      `${delivery.source}: ${nameOf(part)} has no effect: rendered, it begins with nothing that a template may become`,
    )
    return
  }
  await deliverKnown(machine, { ...part, payload: rendered }, type, delivery, configs)
}

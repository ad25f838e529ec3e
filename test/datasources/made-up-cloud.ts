import { defaultPaths } from '../../src/instance/paths.ts'
import type { HttpRequest, HttpResponse } from '../../src/machine/http.ts'
import { httpResponse } from '../../src/machine/http-response.ts'
import type { JsonObject } from '../../src/machine/json.ts'
import { type MemoryFile, type MemoryMachine, type MemoryOptions, memoryMachine } from '../../src/machine/memory.ts'
import type { DatasourceContext, DatasourceStage } from '../../src/platform/datasource.ts'
import { gatherPlatform } from '../../src/platform/facts.ts'

export interface MadeUpMachine extends MemoryOptions {
  /** Fields below /sys/class/dmi/id. */
  readonly dmi?: Readonly<Record<string, string>>
  readonly cmdline?: string
  /** Link name -> MAC address; with a virtio device and a carrier. */
  readonly nics?: Readonly<Record<string, string>>
}

export const linkFiles = (name: string, mac: string, index: number): Record<string, MemoryFile> => ({
  [`/sys/class/net/${name}/address`]: `${mac}\n`,
  [`/sys/class/net/${name}/ifindex`]: `${index}\n`,
  [`/sys/class/net/${name}/carrier`]: '1\n',
  [`/sys/class/net/${name}/operstate`]: 'up\n',
  [`/sys/class/net/${name}/device/driver`]: { link: '../../../bus/virtio/drivers/virtio_net' },
})

export const madeUpMachine = ({ dmi, cmdline, nics, ...options }: MadeUpMachine): MemoryMachine => {
  const links = Object.entries(nics ?? {}).map(([name, mac], position) => linkFiles(name, mac, position + 2))
  const fields = Object.entries(dmi ?? {}).map(([field, text]) => [`/sys/class/dmi/id/${field}`, `${text}\n`])
  return memoryMachine({
    ...options,
    files: {
      '/proc/cmdline': `${cmdline ?? ''}\n`,
      '/proc/sys/kernel/ostype': 'Linux\n',
      '/proc/sys/kernel/version': '#1\n',
      '/proc/sys/kernel/arch': 'x86_64\n',
      '/proc/sys/kernel/hostname': 'testhost\n',
      '/sys/class/dmi/id/': '',
      ...Object.fromEntries(fields),
      ...Object.assign({}, ...links),
      ...options.files,
    },
  })
}

export const contextFor = async (
  machine: MemoryMachine,
  stage: DatasourceStage,
  settings: JsonObject = {},
  config: JsonObject = {},
): Promise<DatasourceContext> => ({
  machine,
  platform: await gatherPlatform(machine),
  stage,
  settings,
  config,
  paths: defaultPaths,
  distro: 'debian',
  defaultUser: 'debian',
  renderer: 'netplan',
})

/** Serves documents by URL; anything else is a 404. */
export const serving =
  (documents: Readonly<Record<string, string | Partial<HttpResponse>>>) =>
  ({ url }: HttpRequest): HttpResponse => {
    const document = documents[url]
    if (document === undefined) return httpResponse({ url, status: 404 })
    return httpResponse(typeof document === 'string' ? { url, body: document } : { url, ...document })
  }

import { messageOf } from '../machine/errors.ts'
import { requestWithRetries } from '../machine/http-retry.ts'
import type { Machine } from '../machine/machine.ts'

const target = '/etc/cloud/cloud.cfg.d/91_kernel_cmdline_url.cfg'

/**
 * Fetches the configuration that `cloud-config-url=` (or, of old, `url=`) on the kernel command line names, and leaves it
 * in cloud.cfg.d, root's alone. A local file is fetched once; an address again at every boot.
 * @param isNetworkUp without the network, an address that can't be reached is no fault yet
 */
export const fetchConfigUrl = async (machine: Machine, cmdline: string, isNetworkUp: boolean): Promise<void> => {
  const { log, files } = machine
  const named = urlOf(cmdline)
  if (named === undefined) {
    log.debug('the kernel command line names no address of a configuration')
    return
  }
  const { key, url } = named
  const path = /^(?:file:\/\/)?(\/.*)$/.exec(url)?.[1]
  if (path !== undefined && files.exists(target)) {
    const message = `${target} is there already, perhaps from ${key}=${url} before, and is not written again`
    if (isNetworkUp) log.debug(message)
    else log.warning(message)
    return
  }
  try {
    const content = path === undefined ? await request(machine, url) : files.readBytes(path)
    if (!Buffer.from(content.subarray(0, 64)).toString('latin1').startsWith('#cloud-config')) {
      const message = `${key}=${url}: the content does not start with #cloud-config and is not used`
      if (key === 'url') log.info(message)
      else log.warning(message)
      return
    }
    files.write(target, content, { mode: 0o600 })
    log.info(`wrote the configuration that ${key}=${url} names to ${target}`)
  } catch (error) {
    const message = `${key}=${url} can't be had: ${messageOf(error)}`
    if (isNetworkUp || path !== undefined) log.warning(message)
    else log.debug(message)
  }
}

const urlOf = (cmdline: string): { readonly key: string; readonly url: string } | undefined => {
  for (const key of ['cloud-config-url', 'url']) {
    const word = cmdline.split(/\s+/).find((candidate) => candidate.startsWith(`${key}=`))
    if (word !== undefined && word.length > key.length + 1) return { key, url: word.slice(key.length + 1) }
  }
  return undefined
}

const request = async (machine: Machine, url: string): Promise<Uint8Array> => {
  const options = { retries: 2, secondsBetween: 1, timeoutSeconds: 10, maxWaitSeconds: 60 }
  return (await requestWithRetries(machine, { url }, options)).body
}

import { walkEc2Tree } from '../../src/instance/ec2-tree.ts'
import type { OpenstackStore } from '../../src/instance/openstack-files.ts'
import { HttpFailure, messageOf } from '../../src/machine/errors.ts'
import type { HttpRequest } from '../../src/machine/http.ts'
import { type RetryOptions, requestWithRetries, retryOnly } from '../../src/machine/http-retry.ts'
import type { JsonObject } from '../../src/machine/json.ts'
import type { Machine } from '../../src/machine/machine.ts'
import type { DatasourceContext } from '../../src/platform/datasource.ts'
import { findMetadataAddress } from '../../src/platform/metadata-address.ts'
import { readSettings } from '../../src/platform/settings.ts'

export const id = 'OpenStack'

export interface OpenstackSettings {
  /** Without a final slash. None: the usual ones. */
  readonly addresses: readonly string[]
  readonly maxWaitSeconds: number
  readonly retry: RetryOptions
  readonly appliesNetwork: boolean
}

/** A metadata service that has answered. */
export interface OpenstackService {
  readonly address: string
  /** Versions that it offers. */
  readonly versions: readonly string[]
}

export const openstackSettings = ({ settings, machine }: DatasourceContext): OpenstackSettings => {
  const read = readSettings(id, settings, machine.log)
  return {
    addresses: read.urls('metadata_urls', []),
    maxWaitSeconds: read.number('max_wait', -1),
    appliesNetwork: read.boolean('apply_network_config', true),
    retry: {
      timeoutSeconds: read.number('timeout', 10, 0.1),
      retries: read.number('retries', 5),
      secondsBetween: read.number('sec_between_retries', 1),
    },
  }
}

const ipv4Address = 'http://169.254.169.254'

/** @returns undefined when no address answers with a list of versions in time. */
export const findService = async (
  machine: Machine,
  settings: OpenstackSettings,
  link: string | undefined,
): Promise<OpenstackService | undefined> => {
  // neutron, "Metadata service": fe80::a9fe:a9fe is 169.254.169.254 on the link itself.
  const usual = [...(link === undefined ? [] : [`http://[fe80::a9fe:a9fe%25${link}]`]), ipv4Address]
  const addresses = settings.addresses.length > 0 ? settings.addresses : usual
  const versionsOf = (address: string): HttpRequest => ({ url: `${address}/openstack` })
  const found = await findMetadataAddress(machine, addresses, versionsOf, usual, {
    maxWaitSeconds: settings.maxWaitSeconds,
    timeoutSeconds: settings.retry.timeoutSeconds ?? 10,
  })
  if (found === undefined) return undefined
  const lines = found.response.text().split(/\r?\n/)
  return { address: found.address, versions: lines.map((line) => line.trim()).filter((line) => line !== '') }
}

const passingStatuses = [408, 429, 500, 502, 503, 504]
const isPassing = retryOnly(passingStatuses)

/** The service's files. */
export const serviceStore = (
  machine: Machine,
  settings: OpenstackSettings,
  { address }: OpenstackService,
): OpenstackStore => ({
  id,
  log: machine.log,
  read: async (path) => {
    const response = await requestWithRetries(
      machine,
      { url: `${address}/${path}` },
      {
        ...settings.retry,
        rule: (outcome) => ('status' in outcome && outcome.status === 404 ? 'answer' : isPassing(outcome)),
      },
    )
    return response.status === 404 ? undefined : response.body
  },
})

/** What lies below the folders of nova's EC2 metadata on every machine (nova, api/metadata/base.py). */
const certain: readonly string[] = [
  'block-device-mapping/ami',
  'block-device-mapping/root',
  'placement/availability-zone',
  'public-keys/0/openssh-key',
]

/** Where the service was found elsewhere, its IPv4 address may be one that swallows requests. */
const firstLook = { timeoutSeconds: 2 }

/**
 * nova's metadata in EC2's form, wherever its own was found. It says little more, so that it is missing is no fault, and
 * nothing is waited for.
 */
export const readEc2Metadata = async (
  machine: Machine,
  settings: OpenstackSettings,
  service: OpenstackService,
): Promise<JsonObject | undefined> => {
  const root = `${ipv4Address}/latest/meta-data/`
  const read = async (path: string, rule: RetryOptions['rule'] = isPassing): Promise<Uint8Array> => {
    const options = { ...settings.retry, rule, ...(path === '' && service.address !== ipv4Address && firstLook) }
    return (await requestWithRetries(machine, { url: `${root}${path}` }, options)).body
  }
  const unlessSilent: RetryOptions['rule'] = (outcome) => (outcome instanceof HttpFailure ? 'stop' : isPassing(outcome))
  try {
    return await walkEc2Tree({
      log: machine.log,
      read: (path) => read(path, path === '' ? unlessSilent : isPassing),
      tryRead: (path) => read(path, () => 'stop').catch(() => undefined),
      foresee: (folder, names) =>
        folder === '' ? certain.filter((path) => names.includes(path.slice(0, path.indexOf('/') + 1))) : [],
    })
  } catch (error) {
    machine.log.debug(`no metadata in EC2's form: ${messageOf(error)}`)
    return undefined
  }
}

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { HttpFailure } from '../../src/machine/errors.ts'
import type { HttpOutcome, HttpRequest } from '../../src/machine/http.ts'
import { httpResponse } from '../../src/machine/http-response.ts'
import { objectAt } from '../../src/machine/json.ts'
import type { DatasourceStage } from '../../src/platform/datasource.ts'
import { findDatasource } from '../../src/platform/find-datasource.ts'
import { contextFor, type MadeUpMachine, madeUpMachine } from './made-up-cloud.ts'

/** What a metadata service may do instead of its work. */
const misbehaviours: Readonly<Record<string, (request: HttpRequest) => HttpOutcome>> = {
  'is silent': ({ url }) => new HttpFailure(url, 'timeout', 'no answer'),
  'refuses connections': ({ url }) => new HttpFailure(url, 'refused', 'connection refused'),
  'is out of reach': ({ url }) => new HttpFailure(url, 'unreachable', 'network unreachable'),
  'sends an endless body': ({ url }) => new HttpFailure(url, 'too-large', 'more than 16 MiB'),
  'answers 401': ({ url }) => httpResponse({ url, status: 401 }),
  'answers 404': ({ url }) => httpResponse({ url, status: 404 }),
  'answers 500': ({ url }) => httpResponse({ url, status: 500 }),
  'answers 503 for ever': ({ url }) => httpResponse({ url, status: 503, headers: { 'Retry-After': '99999' } }),
  'answers with a page': ({ url }) => httpResponse({ url, body: '<html>\n<title>Log in</title>\n</html>' }),
  'answers with truncated JSON': ({ url }) => httpResponse({ url, body: '{"droplet_id": 1, "hostn' }),
}

interface Case {
  readonly stage: DatasourceStage
  readonly machine: MadeUpMachine
  /** What a page of somebody else is taken for: a seed's files are whatever their owner wrote. */
  readonly takesAnyText?: boolean
}

const clouds: Readonly<Record<string, Case>> = {
  GCE: { stage: 'network', machine: { dmi: { product_name: 'Google Compute Engine' } } },
  DigitalOcean: {
    stage: 'local',
    machine: { dmi: { sys_vendor: 'DigitalOcean', product_serial: '1' }, nics: { eth0: '02:00:00:00:00:01' } },
  },
  NoCloud: { stage: 'network', machine: { cmdline: 'ds=nocloud;s=http://192.0.2.1/' }, takesAnyText: true },
}

const longestMinutes = 15

for (const [id, { stage, machine: options, takesAnyText }] of Object.entries(clouds)) {
  for (const [misbehaviour, http] of Object.entries(misbehaviours)) {
    test(`${id} is given up in bounded time, with a line in the log, when its metadata service ${misbehaviour}`, async () => {
      const machine = madeUpMachine({ ...options, http })
      const found = await findDatasource([id], stage, (name, stageNow) =>
        contextFor(machine.as(`datasource:${name}`), stageNow, objectAt({}, name)),
      )
      const isText = takesAnyText === true && misbehaviour.startsWith('answers with')
      assert.equal(found !== undefined, isText)
      assert.ok(machine.clock.monotonic() <= longestMinutes * 60_000, `${machine.clock.monotonic()} ms`)
      assert.ok(machine.records.some(({ level, message }) => level !== 'DEBUG' && message !== ''))
      assert.ok(machine.linkCalls.length % 2 === 0)
    })
  }
}

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { networkEvents } from '../../src/cloudconfig/update-events.ts'
import { defaultPaths } from '../../src/instance/paths.ts'
import type { Json } from '../../src/machine/json.ts'
import { memoryMachine } from '../../src/machine/memory.ts'

const ofEc2 = ['boot-new-instance', 'hotplug']
const enabled = '{"scopes": ["network"]}'

interface Case {
  /** `updates.network.when`; undefined: not given. */
  readonly when?: Json
  readonly datasource?: readonly string[]
  /** /var/lib/cloud/hotplug.enabled */
  readonly mark?: string
  readonly events: readonly string[]
}

const cases: readonly Case[] = [
  { events: ['boot-new-instance'] },
  { datasource: ofEc2, events: ofEc2 },
  { datasource: ofEc2, when: ['boot'], events: ['boot'] },
  { datasource: ofEc2, when: [], events: [] },
  { datasource: ['boot-new-instance', 'boot'], when: ['hotplug'], events: ['hotplug'] },
  { when: ['hotplug', 'boot-legacy', 'boot', 'boot-new-instance'], events: [...ofEc2, 'boot', 'boot-legacy'] },
  { when: ['boot', 'boot', 'metadata-change', 7], events: ['boot'] },
  { when: 'hotplug', datasource: ['boot'], events: ['boot'] },
  { when: null, datasource: ofEc2, events: ofEc2 },
  { mark: enabled, events: ofEc2 },
  { mark: enabled, when: ['boot'], events: ['boot', 'hotplug'] },
  { mark: '{"scopes": "network"}', when: ['boot'], events: ['boot'] },
  { mark: 'nonsense', when: ['boot'], events: ['boot'] },
]

for (const { when, datasource, mark, events } of cases) {
  const name = `when: ${JSON.stringify(when)}, the datasource: ${datasource}, by hand: ${mark}`
  test(`${name}: the network is configured at ${events.join(', ') || 'nothing'}`, () => {
    const machine = memoryMachine({ files: mark === undefined ? {} : { '/var/lib/cloud/hotplug.enabled': mark } })
    const config = when === undefined ? {} : { updates: { network: { when } } }
    const data = { instanceId: 'i', ...(datasource && { updateEvents: { network: datasource } }) }
    assert.deepEqual([...networkEvents(machine, defaultPaths, config, data)].sort(), [...events].sort())
  })
}

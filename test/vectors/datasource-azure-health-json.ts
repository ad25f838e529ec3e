import { type ProvisioningState, reportHealthJson } from '../../datasources/azure/health-json.ts'
import { type JsonObject, objectAt, textAt } from '../../src/machine/json.ts'
import { memoryMachine } from '../../src/machine/memory.ts'
import { objectsAt, textMapAt } from './datasource-case.ts'
import { headersMatch, recordedCloud } from './datasource-http.ts'
import { differences, type VectorRunner } from './family.ts'

/** Reports to Azure's JSON health endpoint. */

const stateOf = (operation: JsonObject): ProvisioningState => {
  const report = textAt(operation, 'report')
  if (report === 'ready') return { state: 'Ready' }
  const subStatus = report === 'failure' ? 'ProvisioningFailed' : 'Provisioning'
  const vmId = textAt(operation, 'vmId')
  const description = textAt(operation, 'description') ?? `Provisioning is still in progress for vm_id=${vmId}.`
  return { state: 'NotReady', subStatus, description }
}

const numberAt = (object: JsonObject, key: string): number => Number(object[key] ?? 0)

const run: VectorRunner = async (vector) => {
  const cloud = recordedCloud(vector)
  const machine = memoryMachine({ http: (request) => cloud(request) })
  const config = objectAt(vector, 'config')
  const expected = objectAt(vector, 'expected')
  let result = 'ok'
  try {
    await reportHealthJson(machine, stateOf(objectAt(vector, 'operation')), {
      wireServer: '168.63.129.16',
      connectionSeconds: numberAt(config, 'connectionTimeoutSeconds'),
      totalSeconds: numberAt(config, 'totalRetryTimeoutSeconds'),
    })
  } catch {
    result = 'error'
  }
  const recorded = objectsAt(expected, 'requests')
  const wantedCount = recorded.reduce((sum, request) => sum + numberAt({ count: 1, ...request }, 'count'), 0)
  const found = [
    ...differences(textAt(expected, 'result'), result, 'result'),
    ...differences(wantedCount, machine.requests.length, 'requests.count'),
  ]
  for (const request of machine.requests) {
    const wanted = recorded.find((entry) => textAt(entry, 'url') === request.url) ?? {}
    const body = JSON.parse(Buffer.from(request.body ?? '').toString('utf8')) as JsonObject
    found.push(
      ...differences(textAt(wanted, 'method'), request.method, 'requests.method'),
      ...differences(wanted['bodyJson'], body, 'requests.bodyJson'),
    )
    if (!headersMatch(textMapAt(wanted, 'headers'), request.headers ?? {})) found.push('requests.headers differ')
  }
  const waits = new Set(machine.clock.slept.map((milliseconds) => milliseconds / 1000))
  const interval = expected['retryIntervalSeconds']
  for (const wait of waits) if (wait !== interval) found.push(`waited ${wait} s instead of ${String(interval)} s`)
  return found
}

export default run

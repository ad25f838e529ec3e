import assert from 'node:assert/strict'
import { test } from 'node:test'
import { datasources } from '../../datasources/index.ts'
import { identify } from '../../src/platform/identify.ts'
import { type CloudName, cloudNames, createCloud, startSimulator } from '../../src/simulator/index.ts'
import { inRounds, machineOn, readSimulation } from './on-simulation.ts'

const userData = '#cloud-config\n{hostname: box}\n'

test('every simulated cloud is recognised as what it is, by its machine alone', async () => {
  for (const name of cloudNames) {
    const cloud = createCloud({ cloud: name })
    const { datasources: found } = await identify(machineOn({ cloud }))
    assert.deepEqual(found, [cloud.datasource, 'None'], name)
  }
})

/** What each cloud is read as. `chain`: how many requests may wait for each other. */
const cases: readonly {
  readonly cloud: CloudName
  readonly stage: 'local' | 'network'
  readonly keys: number
  readonly hostname: string
  readonly chain: number
}[] = [
  { cloud: 'gce', stage: 'network', keys: 2, hostname: 'web-1', chain: 1 },
  { cloud: 'ec2', stage: 'local', keys: 2, hostname: 'ip-172-31-16-10.eu-central-1.compute.internal', chain: 6 },
  { cloud: 'digitalocean', stage: 'local', keys: 2, hostname: 'web-1', chain: 1 },
  { cloud: 'azure', stage: 'local', keys: 2, hostname: 'web-1', chain: 2 },
  { cloud: 'openstack', stage: 'local', keys: 2, hostname: 'web-1.novalocal', chain: 0 },
  { cloud: 'openstack-service', stage: 'network', keys: 2, hostname: 'web-1.novalocal', chain: 6 },
  { cloud: 'nocloud', stage: 'local', keys: 2, hostname: 'web-1.example.test', chain: 0 },
]

for (const { cloud, stage, keys, hostname, chain } of cases) {
  test(`${cloud}: the real datasource reads instance, keys and user-data from the simulation`, async (context) => {
    const simulation = await startSimulator({ cloud, userData })
    context.after(simulation.stop)
    const { data } = await readSimulation(simulation, stage)
    assert.ok(data, 'found')
    assert.equal(data.localHostname, hostname)
    assert.equal(Buffer.from(data.userData ?? '').toString('utf8'), userData)
    assert.equal(data.publicKeys?.length, keys)
  })

  test(`${cloud}: no more than ${chain} requests wait for each other`, async () => {
    const simulated = createCloud({ cloud, userData })
    const { ask, rounds } = inRounds(simulated)
    const { data } = await readSimulation({ cloud: simulated, config: {} }, stage, ask)
    assert.ok(data, 'found')
    assert.ok(rounds() <= chain, `${rounds()} requests waited for each other`)
  })
}

test('a name, an id and keys of the user take the place of the examples', async (context) => {
  const key = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAINBR0P5Rc0pkG2+5B4M2JuM5LSIa4Lh0heguckX/iLo8 me@example.test'
  for (const cloud of cloudNames) {
    const instanceId = cloud === 'digitalocean' ? '42' : '0c8a4b2e-5d1f-4a63-9b7e-2f6d8c1a0e35'
    const simulation = await startSimulator({ cloud, instanceId, hostname: 'mine', sshKeys: [key] })
    context.after(simulation.stop)
    const { data } = await readSimulation(simulation, cases.find((entry) => entry.cloud === cloud)?.stage ?? 'network')
    assert.equal(data?.instanceId, instanceId, cloud)
    assert.equal(data?.localHostname, 'mine', cloud)
    assert.deepEqual(
      data?.publicKeys?.map((line) => line.trim()),
      [key],
      cloud,
    )
  }
})

test('Azure is told that the machine is ready', async (context) => {
  const simulation = await startSimulator({ cloud: 'azure' })
  context.after(simulation.stop)
  const reading = await readSimulation(simulation, 'local')
  const azure = await datasources['Azure']?.()
  await azure?.ready?.(reading.context, { success: true })
  const report = simulation.requests.find(({ method, url }) => method === 'POST' && url.includes('comp=health'))
  assert.equal(report?.status, 200)
  assert.match(report?.body ?? '', /<State>Ready<\/State>/)
})

test('two EC2 interfaces are both in the network configuration', async (context) => {
  const simulation = await startSimulator({ cloud: 'ec2' })
  context.after(simulation.stop)
  const { data } = await readSimulation(simulation, 'local')
  assert.deepEqual(Object.keys((data?.networkConfig?.['ethernets'] as object | undefined) ?? {}), ['eth0', 'eth1'])
})

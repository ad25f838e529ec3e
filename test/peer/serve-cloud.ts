/** A simulated cloud in a process of its own, so that its work is not counted as firstlight's. Started by metadata.ts. */
import { type CloudName, longestChain, startSimulator } from '../../src/simulator/index.ts'

const simulation = await startSimulator({
  cloud: process.argv[2] as CloudName,
  delayMilliseconds: Number(process.argv[3]),
  userData: '#cloud-config\n{}\n',
})
const { handle: _handle, settings: _settings, ...cloud } = simulation.cloud
process.send?.({ cloud, config: simulation.config })
process.once('message', async () => {
  const { requests } = simulation
  process.send?.({ requests: requests.length, chain: longestChain(requests) })
  await simulation.stop()
  process.disconnect()
})

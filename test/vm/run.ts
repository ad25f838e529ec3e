/**
 * `npm run test:vm [-- --cloud NAME]...`: the package in virtual machines, on every cloud of the simulator. Needs root and
 * qemu; changes nothing outside its cache folder, as it works in network and mount namespaces of its own.
 */
import { type CloudName, cloudNames, isCloudName } from '../../src/simulator/index.ts'
import { buildBase, firstlightVariant, imageOf } from './image.ts'
import { currentStep, runStep } from './namespaces.ts'
import { liveThrough } from './story.ts'

const chosenClouds = (words: readonly string[]): CloudName[] => {
  const named = words.flatMap((word, index) => (words[index - 1] === '--cloud' ? [word] : []))
  const unknown = named.find((name) => !isCloudName(name))
  if (unknown !== undefined) throw new Error(`no cloud is called ${unknown}: ${cloudNames.join(', ')}`)
  return named.length > 0 ? named.filter(isCloudName) : [...cloudNames]
}

const enter = (): number => {
  buildBase()
  return runStep('images', ['mount']) || runStep('boots', ['mount', 'net'])
}

const makeImages = (): number => {
  imageOf(firstlightVariant())
  return 0
}

const runAll = async (clouds: readonly CloudName[]): Promise<number> => {
  const image = imageOf(firstlightVariant())
  let failed = 0
  for (const cloud of clouds) {
    const { failures, seconds } = await liveThrough(cloud, image)
    console.log(`${failures.length === 0 ? 'ok    ' : 'FAILED'} ${cloud} (${seconds.join(', ')})`)
    for (const failure of failures) console.log(`         ${failure}`)
    if (failures.length > 0) failed += 1
  }
  console.log(`${clouds.length - failed} passed, ${failed} failed`)
  return failed === 0 ? 0 : 1
}

const clouds = chosenClouds(process.argv.slice(2))
const steps: Readonly<Record<string, () => Promise<number> | number>> = {
  images: makeImages,
  boots: () => runAll(clouds),
}
process.exitCode = await (steps[currentStep() ?? ''] ?? enter)()

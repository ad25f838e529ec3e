/**
 * `npm run test:vm [-- --cloud NAME]...`: the package in virtual machines, on every cloud of the simulator.
 * `npm run test:vm -- --hardships` (or `--hardship NAME`...): what a machine has to come through. Both need root and
 * qemu; changes nothing outside its cache folder, as it works in network and mount namespaces of its own.
 */
import { availableParallelism } from 'node:os'
import { type CloudName, cloudNames, isCloudName } from '../../src/simulator/index.ts'
import { chosenHardships, endure, keyedImage, seedOf } from './hardships.ts'
import { buildBase, firstlightVariant, imageOf } from './image.ts'
import { currentStep, runStep, startStep } from './namespaces.ts'
import { liveThrough } from './story.ts'

const chosenClouds = (words: readonly string[]): CloudName[] => {
  const named = words.flatMap((word, index) => (words[index - 1] === '--cloud' ? [word] : []))
  const unknown = named.find((name) => !isCloudName(name))
  if (unknown !== undefined) throw new Error(`no cloud is called ${unknown}: ${cloudNames.join(', ')}`)
  return named.length > 0 ? named.filter(isCloudName) : [...cloudNames]
}

const words = process.argv.slice(2)
const hardships = chosenHardships(words)
/** What is run, each in a network namespace of its own, and by which fact its process knows it. */
const chosen = hardships.length > 0 ? hardships : chosenClouds(words)
const fact = hardships.length > 0 ? 'VM_HARDSHIP' : 'VM_CLOUD'
const seed = String(seedOf(words))

const enter = (): number => {
  buildBase()
  return runStep('images', ['mount']) || runStep('lives', ['mount'])
}

const makeImages = (): number => {
  imageOf(firstlightVariant())
  if (hardships.length > 0) keyedImage()
  return 0
}

/** An emulated machine keeps one core busy, and half of another. */
const lanes = Math.max(1, Math.min(chosen.length, Number(process.env['VM_LANES'] ?? availableParallelism())))

/** All of them, some at a time. */
const runLives = async (): Promise<number> => {
  const waiting = [...chosen]
  let failed = 0
  const runLane = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const exitCode = await startStep('life', ['net'], { [fact]: next, VM_SEED: seed })
      if (exitCode !== 0) failed += 1
    }
  }
  await Promise.all(Array.from({ length: lanes }, runLane))
  console.log(`${chosen.length - failed} passed, ${failed} failed`)
  return failed === 0 ? 0 : 1
}

const runLife = async (): Promise<number> => {
  const hardship = process.env['VM_HARDSHIP']
  if (hardship !== undefined) return endure(hardship, words)
  const cloud = process.env['VM_CLOUD'] ?? ''
  if (!isCloudName(cloud)) throw new Error(`no cloud is called ${cloud}`)
  const { failures, seconds } = await liveThrough(cloud, imageOf(firstlightVariant()))
  const title = `${failures.length === 0 ? 'ok    ' : 'FAILED'} ${cloud} (${seconds.join(', ')})`
  console.log([title, ...failures.map((failure) => `         ${failure}`)].join('\n'))
  return failures.length === 0 ? 0 : 1
}

const steps: Readonly<Record<string, () => Promise<number> | number>> = {
  images: makeImages,
  lives: runLives,
  life: runLife,
}
process.exitCode = await (steps[currentStep() ?? ''] ?? enter)()

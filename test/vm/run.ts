/**
 * `npm run test:vm [-- --cloud NAME]...`: the package in virtual machines, on every cloud of the simulator.
 * `npm run test:vm -- --hardships` (or `--hardship NAME`...): what a machine has to come through.
 * `npm run test:vm -- --short`: as much of both as fits into every build.
 * They need root and qemu, and change nothing outside their cache folder: they work in network and mount namespaces of
 * their own.
 */
import { availableParallelism } from 'node:os'
import { type CloudName, cloudNames, isCloudName } from '../../src/simulator/index.ts'
import { chosenHardships, endure, hardshipNames, keyedImage, seedOf } from './hardships.ts'
import { buildBase, firstlightVariant, imageOf } from './image.ts'
import { currentStep, runStep, startStep } from './namespaces.ts'
import { liveThrough } from './story.ts'
import { checkWords, valuesOf } from './words.ts'

const chosenClouds = (words: readonly string[]): CloudName[] => {
  const named = valuesOf(words, '--cloud')
  return named.length > 0 ? named.filter(isCloudName) : [...cloudNames]
}

const words = process.argv.slice(2)
checkWords(words, {
  choices: { cloud: cloudNames, hardship: hardshipNames },
  numbers: ['seed'],
  flags: ['hardships', 'short'],
})
const isShort = words.includes('--short')
const hardships = chosenHardships(words)
const seed = String(seedOf(words))

/** One machine's life, run in a network namespace of its own, and the fact by which its process knows it. */
interface Trial {
  readonly fact: 'VM_CLOUD' | 'VM_HARDSHIP'
  readonly name: string
}

const chooseTrials = (): Trial[] => {
  const withHardships = hardships.map((name): Trial => ({ fact: 'VM_HARDSHIP', name }))
  if (hardships.length > 0 && words.some((word) => /^--hardships?$/.test(word))) return withHardships
  const withClouds = chosenClouds(words).map((name): Trial => ({ fact: 'VM_CLOUD', name }))
  // Every cloud has booted before the rest is tried, should the time be over sooner.
  const isLong = ({ name }: Trial): boolean => lived.has(name)
  return [...withClouds.filter((trial) => !isLong(trial)), ...withClouds.filter(isLong), ...withHardships]
}

/** Where a whole life is lived in the short form, too: with a disk, and with a service. */
const lived = new Set<string>(['nocloud', 'ec2'])
/** Boots in the short form elsewhere: the first, and a second that finds all done. */
const shortBoots = 2

const chosen = chooseTrials()

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

/** `VM_MINUTES`: nothing new is begun after them. A build has its time limit, and not every machine is fast. */
const limitMilliseconds = Number(process.env['VM_MINUTES'] ?? Number.POSITIVE_INFINITY) * 60_000

/** All of them, some at a time. */
const runLives = async (): Promise<number> => {
  const waiting = [...chosen]
  const end = performance.now() + limitMilliseconds
  let failed = 0
  const runLane = async (): Promise<void> => {
    while (waiting.length > 0 && performance.now() < end) {
      const next = waiting.shift()
      if (next === undefined) return
      const exitCode = await startStep('life', ['net'], { [next.fact]: next.name, VM_SEED: seed })
      if (exitCode !== 0) failed += 1
    }
  }
  await Promise.all(Array.from({ length: lanes }, runLane))
  for (const { name } of waiting) console.log(`left out ${name}: the ${process.env['VM_MINUTES']} minutes are over`)
  console.log(`${chosen.length - waiting.length - failed} passed, ${failed} failed, ${waiting.length} left out`)
  return failed === 0 ? 0 : 1
}

const runLife = async (): Promise<number> => {
  const hardship = process.env['VM_HARDSHIP']
  if (hardship !== undefined) return endure(hardship, words)
  const cloud = process.env['VM_CLOUD'] ?? ''
  if (!isCloudName(cloud)) throw new Error(`no cloud is called ${cloud}`)
  const { failures, seconds } = await liveThrough(
    cloud,
    imageOf(firstlightVariant()),
    isShort && !lived.has(cloud) ? shortBoots : undefined,
  )
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

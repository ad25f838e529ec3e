import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { type CloudName, isCloudName } from '../../src/simulator/index.ts'
import { damageDisk } from './damage.ts'
import { cache, firstlightVariant, imageOf } from './image.ts'
import { comeLate } from './late-metadata.ts'
import { cutPower } from './power-cuts.ts'
import { bootSeeds, spoiltSeeds, twoSeeds } from './seeds.ts'
import { stayWithoutLease } from './silent-link.ts'
import { valuesOf } from './words.ts'

/** What a hardship is run with. */
interface HardshipOptions {
  readonly image: string
  readonly cloud: CloudName
  readonly seed: number
  readonly isShort: boolean
}

interface Hardship {
  /** Where it strikes, unless clouds are named. */
  readonly clouds: readonly CloudName[]
  /** Where it does in the short form, which fits into every build. Default: nowhere. */
  readonly shortClouds?: readonly CloudName[]
  /** @returns a line for each thing that is not as it should be */
  run(options: HardshipOptions): Promise<readonly string[]>
}

/** On each cloud. */
const cuts = (isShort: boolean): number => Number(process.env['VM_CUTS'] ?? (isShort ? 2 : 5))

/** The image's own key opens a machine that can't learn any from its cloud. */
const keyFile = join(cache, 'image-key')

/** Is to be called in a mount namespace, as imageOf. */
export const keyedImage = (): string => {
  if (!existsSync(keyFile)) execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', keyFile])
  const usual = firstlightVariant()
  const config = '$1/etc/cloud/cloud.cfg.d/50-image-key.cfg'
  return imageOf({
    ...usual,
    name: 'keyed',
    prepare: `${usual.prepare}; echo "ssh_authorized_keys: ['$(cat ${keyFile}.pub)']" >"${config}"`,
  })
}

/** Everything that a machine has to come through. The longest come first: two run at a time. */
const hardships: Readonly<Record<string, Hardship>> = {
  'power-cuts': {
    clouds: ['nocloud', 'ec2'],
    shortClouds: ['nocloud'],
    run: ({ image, cloud, seed, isShort }) => cutPower({ cloud, image, count: cuts(isShort), seed }),
  },
  'spoilt-seeds': { clouds: ['nocloud'], run: () => bootSeeds(keyedImage(), spoiltSeeds(keyFile)) },
  'damaged-disk': { clouds: ['nocloud'], run: ({ image }) => damageDisk(image) },
  'two-seeds': { clouds: ['nocloud'], run: ({ image }) => bootSeeds(image, twoSeeds) },
  'silent-link': {
    clouds: ['nocloud', 'openstack-service', 'ec2'],
    run: ({ image, cloud }) => stayWithoutLease(image, cloud, 'second'),
  },
  'silent-first-link': {
    clouds: ['ec2'],
    run: ({ image, cloud }) => stayWithoutLease(image, cloud, 'first'),
  },
  'late-metadata': {
    clouds: ['ec2', 'gce', 'digitalocean', 'azure', 'openstack-service'],
    shortClouds: ['openstack-service'],
    run: ({ image, cloud }) => comeLate(image, cloud),
  },
}

export const hardshipNames: readonly string[] = Object.keys(hardships)

/**
 * The hardships that the command line asks for, each with its cloud (`power-cuts ec2`): `--hardship NAME`...,
 * `--hardships` for all of them, or `--hardships --short` for what fits into every build; `--cloud NAME`... for others
 * than the usual clouds.
 */
export const chosenHardships = (words: readonly string[]): string[] => {
  const named = valuesOf(words, '--hardship')
  const isShort = words.includes('--short')
  if (named.length === 0 && !words.includes('--hardships') && (!isShort || words.includes('--cloud'))) return []
  const clouds = valuesOf(words, '--cloud').filter(isCloudName)
  return Object.entries(hardships)
    .filter(([name]) => named.length === 0 || named.includes(name))
    .flatMap(([name, { clouds: usual, shortClouds = [] }]) => {
      const wanted = isShort && named.length === 0 ? shortClouds : usual
      return (clouds.length > 0 ? clouds : wanted).map((cloud) => `${name} ${cloud}`)
    })
}

/** What chance begins with: `--seed N`, or another at each run. */
export const seedOf = (words: readonly string[]): number =>
  Number(valuesOf(words, '--seed')[0] ?? process.env['VM_SEED'] ?? Date.now() % 1_000_000)

/** Runs one of them. @returns the exit code */
export const endure = async (chosen: string, words: readonly string[]): Promise<number> => {
  const [name = '', cloud = ''] = chosen.split(' ')
  const hardship = hardships[name]
  if (!hardship || !isCloudName(cloud)) throw new Error(`nothing is called ${chosen}`)
  const image = imageOf(firstlightVariant())
  const start = performance.now()
  const failures = await hardship.run({ image, cloud, seed: seedOf(words), isShort: words.includes('--short') })
  const seconds = Math.round((performance.now() - start) / 1000)
  const title = `${failures.length === 0 ? 'ok    ' : 'FAILED'} ${chosen} (${seconds} s)`
  console.log([title, ...failures.map((failure) => `         ${failure}`)].join('\n'))
  return failures.length === 0 ? 0 : 1
}

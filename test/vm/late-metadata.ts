import type { CloudName } from '../../src/simulator/index.ts'
import { bootTrial, type Trial } from './trial.ts'

const lateSeconds = 20

/** The metadata service comes up 20 s after firstlight has begun to ask for it. */
export const comeLate = (image: string, cloud: CloudName): Promise<readonly string[]> =>
  bootTrial(image, {
    cloud,
    title: `metadata ${lateSeconds} s late`,
    orders: { lateMilliseconds: lateSeconds * 1000 },
  } satisfies Trial)

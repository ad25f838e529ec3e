import type { Evidence } from '../evidence.ts'

/** What a check concludes, before any policy. `maybe`: this machine can't rule it out. */
export type Verdict = 'found' | 'maybe' | 'not-found'

export interface Finding {
  readonly verdict: Verdict
  /** A line of configuration that goes with the datasource if it is used. */
  readonly config?: string
}

/** How one datasource is recognised, without asking any cloud. */
export interface Detector {
  /** cloud-init's name, as in datasource_list. */
  readonly id: string
  check(evidence: Evidence): Finding | Promise<Finding>
}

/** A sign of a cloud: true when the machine shows it. */
export type Sign = (evidence: Evidence) => boolean | Promise<boolean>

export const FOUND: Finding = { verdict: 'found' }
export const MAYBE: Finding = { verdict: 'maybe' }
export const NOT_FOUND: Finding = { verdict: 'not-found' }

/** A check that finds its cloud by any one of these signs, looked at in order. */
export const anyOf =
  (...signs: readonly Sign[]) =>
  async (evidence: Evidence): Promise<Finding> => {
    for (const sign of signs) if (await sign(evidence)) return FOUND
    return NOT_FOUND
  }

import type { Imds } from './imds.ts'
import type { OvfEnv } from './ovf-env.ts'

/** What was found out about this machine, before it is put together. At least one of `ovf` and `imds` is there. */
export interface Findings {
  readonly ovf: OvfEnv | undefined
  readonly imds: Imds | undefined
  /** Where the media was: `/dev/sr0`, a folder; `IMDS` when there is none, or the metadata service handed it out. */
  readonly source: string
  /** The drive with the media in it, to be ejected before success is reported. */
  readonly drive: string | undefined
  /** Azure's word for the pool the machine came from; `None` when it was made for its user. */
  readonly poolType: string
}

export const byMetadataAlone = 'IMDS'

/** Custom data was given to the platform, and did not get here. */
export const isCustomDataMissing = ({ ovf, imds }: Findings): boolean =>
  imds?.hasCustomData === true && !ovf?.customData?.length

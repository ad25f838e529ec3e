import { debian } from './debian.ts'
import type { DistroParts } from './distro.ts'

/** Ubuntu: Debian's tools throughout. */
export const ubuntu: DistroParts = debian

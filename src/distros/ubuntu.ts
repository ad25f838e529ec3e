import { debian } from './debian.ts'
import type { DistroParts } from './distro.ts'
import { withFallback } from './package-managers.ts'
import { aptPackages } from './packages-apt.ts'
import { snapPackages } from './packages-snap.ts'

/** Ubuntu: Debian's tools throughout; what apt does not have may be a snap. */
export const ubuntu: DistroParts = {
  ...debian,
  packages: (systemInfo) => withFallback(aptPackages(systemInfo), snapPackages),
}

/** Distributions by kinship, by their names in system_info.distro: for modules that are not for all. */

export const debianNames = ['debian', 'raspberry-pi-os', 'ubuntu'] as const

/** Those that use rpm with yum or dnf. */
export const yumNames = [
  'almalinux',
  'azurelinux',
  'centos',
  'cloudlinux',
  'eurolinux',
  'fedora',
  'mariner',
  'miraclelinux',
  'openeuler',
  'OpenCloudOS',
  'openmandriva',
  'photon',
  'rhel',
  'rocky',
  'TencentOS',
  'virtuozzo',
] as const

export const suseNames = [
  'opensuse',
  'opensuse-leap',
  'opensuse-microos',
  'opensuse-tumbleweed',
  'sle_hpc',
  'sle-micro',
  'sles',
] as const

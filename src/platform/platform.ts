/** What can be known about the machine before any cloud is asked. Plain data, gathered once (src/platform/facts.ts). */
export interface Platform {
  readonly dmi: Dmi
  /** Kernel command line (in a container: that of process 1). */
  readonly cmdline: string
  /** Answer of systemd-detect-virt: `kvm`, `xen`, `microsoft`, `lxc`, `none` ... */
  readonly virtualisation: string
  readonly isContainer: boolean
  /** `uname -m`: `x86_64`, `aarch64` ... */
  readonly architecture: string
}

/** DMI/SMBIOS fields, trimmed; empty string when absent. Names as in /sys/class/dmi/id. */
export interface Dmi {
  readonly sysVendor: string
  readonly productName: string
  readonly productSerial: string
  readonly productUuid: string
  readonly chassisAssetTag: string
  readonly boardSerial: string
}

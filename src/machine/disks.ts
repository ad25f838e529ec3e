/** Block devices and the file systems on them. */
export interface Disks {
  /** Every block device with a file system or partition, as blkid and sysfs tell. */
  list(): Promise<BlockDevice[]>
  /**
   * Mounts `device` read-only on a private temporary folder, hands the folder's path to `use` (readable through
   * machine.files), and unmounts it whatever happens. A device that is mounted already is read where it is.
   * @throws MountError when it can't be mounted.
   */
  withMounted<T>(device: string, use: (folder: string) => T | Promise<T>, options?: MountOptions): Promise<T>
  /**
   * `length` bytes of a block device from `offset` on, fewer where it ends: partition tables, headers, superblocks.
   * undefined when it can't be read (no such device, no permission, a broken disk); the log says why at debug level.
   */
  readBytes(device: string, offset: number, length: number): Promise<Uint8Array | undefined>
  /**
   * Waits until all that was written to a block device, by whatever process, is on the disk.
   * @throws FileError
   */
  flush(device: string): Promise<void>
}

export interface BlockDevice {
  /** `/dev/sr0` */
  readonly path: string
  readonly label?: string
  readonly labelFatboot?: string
  /** `iso9660`, `vfat`, `udf`, `ext4` ... */
  readonly type?: string
  readonly uuid?: string
  readonly partitionUuid?: string
  /** Bytes, when known. */
  readonly size?: number
  readonly isPartition: boolean
}

export interface MountOptions {
  /** Tried in order; default: let the kernel find out. */
  readonly types?: readonly string[]
}

import type { Machine } from '../../src/machine/machine.ts'
import { deviceSize } from '../../src/machine/partition.ts'

/** What a superblock says. */
interface FileSystemSize {
  readonly blockBytes: number
  readonly blocks: number
  /** So many blocks at the end of a device of `deviceBlocks` are too few to be used. */
  unusable(deviceBlocks: number): number
}

const superblock = async (
  machine: Machine,
  device: string,
  offset: number,
  length: number,
): Promise<Buffer | undefined> => {
  const bytes = await machine.disks.readBytes(device, offset, length)
  return bytes?.length === length ? Buffer.from(bytes) : undefined
}

/** struct ext4_super_block (Documentation/filesystems/ext4, "Super Block"). */
const extSize = async (machine: Machine, device: string): Promise<FileSystemSize | undefined> => {
  const block = await superblock(machine, device, 1024, 1024)
  if (block?.readUInt16LE(0x38) !== 0xef53) return undefined
  const logarithm = block.readUInt32LE(0x18)
  const blocksPerGroup = block.readUInt32LE(0x20)
  if (logarithm > 6 || blocksPerGroup === 0) return undefined
  const blockBytes = 1024 << logarithm
  const has64Bits = (block.readUInt32LE(0x60) & 0x80) !== 0
  const blocks = block.readUInt32LE(0x04) + (has64Bits ? block.readUInt32LE(0x150) * 2 ** 32 : 0)
  const firstDataBlock = block.readUInt32LE(0x14)
  const inodeBytes = Math.max(128, block.readUInt16LE(0x58))
  const descriptorBytes = has64Bits ? Math.max(32, block.readUInt16LE(0xfe)) : 32
  const inodeBlocks = Math.ceil((block.readUInt32LE(0x28) * inodeBytes) / blockBytes)
  const descriptorBlocks = Math.ceil((Math.ceil(blocks / blocksPerGroup) * descriptorBytes) / blockBytes)
  const overhead = 3 + inodeBlocks + descriptorBlocks + block.readUInt16LE(0xce)
  return {
    blockBytes,
    blocks,
    // resize2fs makes no last group that would hold little more than what it needs for itself.
    unusable: (deviceBlocks) => {
      const rest = (deviceBlocks - firstDataBlock) % blocksPerGroup
      return rest < overhead + 50 ? rest : 0
    },
  }
}

/** xfs_dsb (XFS Filesystem Structure, "Superblocks"); the last allocation group has 64 blocks or is left out. */
const xfsSize = async (machine: Machine, device: string): Promise<FileSystemSize | undefined> => {
  const block = await superblock(machine, device, 0, 512)
  if (block?.toString('latin1', 0, 4) !== 'XFSB') return undefined
  const groupBlocks = block.readUInt32BE(84)
  return {
    blockBytes: block.readUInt32BE(4),
    blocks: Number(block.readBigUInt64BE(8)),
    unusable: (deviceBlocks) => {
      const rest = deviceBlocks % groupBlocks
      return rest < 64 ? rest : 0
    },
  }
}

/** struct btrfs_super_block (btrfs documentation, "On-disk Format"), for a file system on one device alone. */
const btrfsSize = async (machine: Machine, device: string): Promise<FileSystemSize | undefined> => {
  const block = await superblock(machine, device, 64 * 1024, 4096)
  if (block?.toString('latin1', 0x40, 0x48) !== '_BHRfS_M' || block.readBigUInt64LE(0x88) !== 1n) return undefined
  const blockBytes = block.readUInt32LE(0x90)
  return { blockBytes, blocks: Number(block.readBigUInt64LE(0xd1)) / blockBytes, unusable: () => 0 }
}

const sizeOf = async (machine: Machine, type: string, device: string): Promise<FileSystemSize | undefined> => {
  if (/^ext[234]$/.test(type)) return extSize(machine, device)
  if (type === 'xfs') return xfsSize(machine, device)
  return type === 'btrfs' ? btrfsSize(machine, device) : undefined
}

/**
 * Compares a mounted file system with its device, by what its superblock says; starts no process. undefined: that does
 * not tell, and a tool has to look.
 */
export const compareWithDevice = async (
  machine: Machine,
  type: string,
  device: string,
): Promise<'smaller' | 'fills' | 'larger' | undefined> => {
  const bytes = deviceSize(machine, device)
  const size = await sizeOf(machine, type, device)
  if (bytes === undefined || !size || !Number.isSafeInteger(size.blocks) || size.blockBytes < 512) return undefined
  const deviceBlocks = Math.floor(bytes / size.blockBytes)
  if (size.blocks > deviceBlocks) return 'larger'
  return size.blocks >= deviceBlocks - size.unusable(deviceBlocks) ? 'fills' : 'smaller'
}

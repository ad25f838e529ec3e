import type { Machine } from '../../src/machine/machine.ts'

/** A disk, or something on it, as lsblk sees it. */
export interface BlockNode {
  /** `/dev/sdb1` */
  readonly path: string
  /** `disk`, `part`, `loop`, `crypt` ... */
  readonly type: string
  /** Empty where there is none. */
  readonly fileSystem: string
  readonly label: string
}

const pairs = (line: string): Readonly<Record<string, string>> =>
  Object.fromEntries([...line.matchAll(/(\w+)="([^"]*)"/g)].map(([, name = '', value = '']) => [name, value]))

/** The device itself, then what is on it. @throws CommandError */
export const blockNodes = async (machine: Machine, device: string): Promise<BlockNode[]> => {
  const { stdout } = await machine.ask(['lsblk', '--pairs', '--output', 'NAME,TYPE,FSTYPE,LABEL', device])
  return stdout
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => {
      const { NAME = '', TYPE = '', FSTYPE = '', LABEL = '' } = pairs(line)
      return { path: `/dev/${NAME}`, type: TYPE.toLowerCase(), fileSystem: FSTYPE, label: LABEL }
    })
}

/** Type and label of the file system on a device, past every cache; empty where there is none. @throws CommandError */
export const fileSystemOn = async (
  machine: Machine,
  device: string,
): Promise<{ readonly type: string; readonly label: string }> => {
  // 2: nothing was found.
  const { stdout } = await machine.ask(['blkid', '-c', '/dev/null', device], { allowedExitCodes: [0, 2] })
  const { TYPE = '', LABEL = '' } = pairs(stdout)
  return { type: TYPE, label: LABEL }
}

/** Waits until udev has dealt with what is new. */
export const settle = async (machine: Machine): Promise<void> => {
  if (machine.which('udevadm') === undefined) return
  await machine.ask(['udevadm', 'settle'], { allowedExitCodes: 'any', timeoutSeconds: 180 })
}

import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const isInstalled = (command: string): boolean => spawnSync('sh', ['-c', `command -v ${command}`]).status === 0

const needed = ['unshare', 'nsenter', 'ip', 'ss', 'ping', 'dnsmasq', 'systemd-nspawn', 'mmdebstrap']

/** Why a suite can't be run on this machine. */
export const reasonToSkip = (): string | false => {
  if (process.getuid?.() !== 0) return 'it needs root'
  if (!existsSync(join(import.meta.dirname, '../../../dist/firstlight.cjs')))
    return 'there is no dist/: run npm run build'
  const missing = needed.filter((command) => !isInstalled(command))
  return missing.length > 0 && `not installed: ${missing.join(', ')}`
}

const inside = 'FIRSTLIGHT_NETWORK_STAGE'

/** True in the process that `enterStage` has started. */
export const isOnStage = (): boolean => workFolderOnStage() !== undefined

/** There: the folder to work in, which `enterStage` removes. */
export const workFolderOnStage = (): string | undefined => process.env[inside]

/**
 * Runs this program again with mounts, network and processes of its own: whatever it mounts, connects or starts is seen by
 * nobody else, and is gone when it has ended. Returns its exit code and prints what it says.
 */
export const enterStage = (program: string, limitSeconds: number): number => {
  const kinds = ['--mount', '--propagation', 'private', '--net', '--pid', '--fork', '--kill-child', '--mount-proc']
  // A tmpfs on /run: names of network namespaces, and what systemd-nspawn keeps. A read-only /sys tells
  // systemd-nspawn that no udev looks after the interfaces here.
  const prepare = 'mount -t tmpfs tmpfs /run; mount -o remount,bind,ro /sys; ip link set lo up; exec "$@"'
  const words = [process.execPath, '--import', 'tsx', program]
  const { NODE_TEST_CONTEXT: _, ...environment } = process.env
  const work = mkdtempSync(join(tmpdir(), 'firstlight-network-suite-'))
  try {
    const { status } = spawnSync('unshare', [...kinds, 'sh', '-ec', prepare, 'sh', ...words], {
      env: { ...environment, [inside]: work },
      stdio: 'inherit',
      timeout: limitSeconds * 1000,
    })
    return status ?? 1
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}

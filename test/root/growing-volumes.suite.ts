/**
 * growpart and resizefs on LVM and LUKS, for real. The device mapper is the kernel's, and not every machine that runs tests
 * has one: so with a kernel of its own, which is a process of this machine (User Mode Linux). With GROWING_MACHINE=qemu in
 * a small virtual machine instead, which takes longer, and whose disks are virtio and NVMe. Needs root and mmdebstrap.
 */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { MachineName } from './growing/machine-disks.ts'
import { runQemu, runUsermode } from './growing/machines.ts'
import { isInstalled } from './growing/system.ts'

const cache = process.env['GROWING_CACHE'] ?? join(tmpdir(), 'firstlight-growing')

const machine: MachineName = process.env['GROWING_MACHINE'] === 'qemu' ? 'qemu' : 'usermode'

const reasonToSkip = (): string | false => {
  if (process.getuid?.() !== 0) return 'it needs root'
  if (machine === 'usermode' && !existsSync('/usr/lib/uml/modules')) return 'not installed: user-mode-linux'
  const command = machine === 'qemu' ? 'qemu-system-x86_64' : 'linux.uml'
  const missing = [command, 'mmdebstrap', 'sfdisk'].filter((name) => !isInstalled(name))
  return missing.length > 0 && `not installed: ${missing.join(', ')}`
}

const skip = reasonToSkip()
if (skip) console.log(`growing-volumes: skipped: ${skip}`)

test(`roots on LVM and LUKS grow, in ${machine}`, { skip }, () => {
  const built = join(cache, machine)
  const words = [join(import.meta.dirname, 'growing/build-vm'), built, ...(machine === 'qemu' ? ['kernel'] : [])]
  execFileSync('bash', words, { stdio: 'inherit', timeout: 300_000 })
  const folder = mkdtempSync(join(tmpdir(), 'firstlight-growing-'))
  try {
    const printed = machine === 'qemu' ? runQemu(built, folder) : runUsermode(built, folder)
    console.log(printed)
    assert.match(printed, /^all cells are done/m)
    assert.doesNotMatch(printed, /^not ok/m)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})

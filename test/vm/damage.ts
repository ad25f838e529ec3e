import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { type BootOrders, beginLife, bootOnce, endLife, type Life, NoLogin } from './life.ts'
import { portrait } from './portrait.ts'
import { checks } from './story.ts'
import { firstOrders, isProvisioned } from './trial.ts'

/** What is wrong with the disk when the machine boots again, and what the status has to say about it. */
interface Damage {
  readonly title: string
  /** Done in the machine, by root, after its first boot. */
  readonly inside?: string
  /** debugfs(8) commands for the root file system while the machine is off. */
  readonly outside?: readonly string[]
  /** What `status --long` and the log say after the next boot. */
  readonly told: RegExp
}

const state = '/var/lib/cloud'

const damages: readonly Damage[] = [
  {
    title: 'half of the instance cache and of status.json, empty marks',
    inside: `cd ${state}/instance
for file in datasource.json cloud-config.txt user-data.txt ../../data/status.json ../../data/result.json; do
  truncate -s $(($(stat -L -c %s $file) / 2)) $file
done
for file in sem/*; do : >$file; done`,
    told: /datasource\.json is unreadable and is not used; the cloud is asked again/,
  },
  {
    title: 'zeros in the state, no link to the instance',
    inside: `cd ${state}
for file in instance/datasource.json instance/cloud-config.txt data/instance-id data/previous-instance-id instance/scripts/runcmd; do
  head -c $(stat -c %s $file) /dev/zero >/tmp/zeros; cat /tmp/zeros >$file
done
rm instance`,
    told: /status: done/,
  },
  {
    title: 'wrong counts and bitmaps in the root file system',
    outside: ['ssv free_blocks_count 7', 'ssv free_inodes_count 7', 'freeb 2000 40', 'freei <20>', 'ssv state 2'],
    told: /status: done/,
  },
]

/** Where the root file system begins (image.ts). */
const rootOffset = 1024 * 1024

const rewrite = (folder: string, disk: string, commands: readonly string[]): void => {
  const raw = join(folder, 'disk.raw')
  const quiet = { stdio: ['ignore', 'ignore', 'ignore'] as 'ignore'[], timeout: 300_000 }
  execFileSync('qemu-img', ['convert', '-O', 'raw', disk, raw], quiet)
  for (const command of commands) execFileSync('debugfs', ['-w', '-R', command, `${raw}?offset=${rootOffset}`], quiet)
  execFileSync('qemu-img', ['convert', '-O', 'qcow2', raw, disk], quiet)
  execFileSync('rm', [raw])
}

/** Damages the disk, and boots: systemd-fsck repairs the root and reboots before anybody can log in. */
const repair = async (life: Life, orders: BootOrders, damage: readonly string[]): Promise<void> => {
  rewrite(life.folder, life.disk, damage)
  try {
    await bootOnce(life, { ...orders, title: `${orders.title}, repaired` }, async () => undefined)
  } catch (error) {
    if (!(error instanceof NoLogin)) throw error
  }
}

/** A machine that was provisioned finds its disk damaged. @returns a line for each thing that is not as it should be */
export const damageDisk = async (image: string): Promise<readonly string[]> => {
  const { check, failures } = checks()
  for (const { title, inside, outside, told } of damages) {
    const life = beginLife('nocloud', image)
    const orders = firstOrders('nocloud', title)
    const before = failures.length
    try {
      await bootOnce(life, orders, async (booted) => {
        await isProvisioned(booted, check)
        if (inside !== undefined) check('damage', await booted.ask(`sudo sh -e <<'END'\n${inside}\nsync\nEND`), '')
      })
      if (outside) await repair(life, orders, outside)
      await bootOnce(life, orders, async (booted) => {
        await isProvisioned(booted, check)
        const { ask, loginSeconds } = booted
        check('what is told', await ask('cloud-init status --long; sudo cat /var/log/cloud-init.log'), told)
        check('portrait', await ask(portrait), /sshd is content/)
        console.log(
          `  ${title}: login after ${loginSeconds.toFixed(0)} s; ${(await ask('cloud-init status --long')).replaceAll('\n', '; ')}`,
        )
      })
    } catch (error) {
      failures.push(error instanceof Error ? error.message : String(error))
    } finally {
      endLife(life)
    }
    failures.push(...failures.splice(before).map((failure) => `${title}: ${failure}`))
  }
  return failures
}

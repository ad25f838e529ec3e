import { ItemsFailed, messageOf } from './errors.ts'
import type { Machine } from './machine.ts'

/** Scripts of users may build for hours; but not for ever. */
export const scriptTimeoutSeconds = 24 * 60 * 60

/**
 * Runs every executable file of a folder, in the order of their names; one that fails does not stop the others. What they
 * print goes to firstlight's own output.
 * @param prefix words put before each script's path
 * @throws ItemsFailed when some failed
 */
export const runParts = async (machine: Machine, folder: string, prefix: readonly string[] = []): Promise<void> => {
  const failures: string[] = []
  for (const name of machine.files.list(folder)) {
    const path = `${folder}/${name}`
    const stat = machine.files.stat(path)
    if (stat?.type !== 'file') continue
    if ((stat.mode & 0o111) === 0) {
      machine.log.warning(`${path} is skipped: it is not executable; set its mode (chmod +x) to have it run`)
      continue
    }
    try {
      await machine.run([...prefix, path], { output: 'pass', timeoutSeconds: scriptTimeoutSeconds })
    } catch (error) {
      machine.log.error(messageOf(error))
      failures.push(messageOf(error))
    }
  }
  if (failures.length > 0) throw new ItemsFailed(failures)
}

import type { Machine } from '../../src/machine/machine.ts'

/** subscription-manager(8), as far as it is needed. All throw CommandError. */
export interface SubscriptionManager {
  isRegistered(): Promise<boolean>
  run(words: readonly string[], secrets?: readonly string[]): Promise<void>
  /** Ids of subscription pools. */
  pools(state: 'available' | 'consumed'): Promise<readonly string[]>
  /** Ids of repositories. */
  repos(state: 'enabled' | 'disabled'): Promise<readonly string[]>
}

const command = 'subscription-manager'
const timeoutSeconds = 600

export const subscriptionManager = (machine: Machine): SubscriptionManager => {
  const lines = async (words: readonly string[]): Promise<string[]> => {
    const { stdout } = await machine.ask([command, ...words], { timeoutSeconds })
    return stdout
      .split('\n')
      .map((line) => line.trim())
      .filter(Boolean)
  }
  return {
    isRegistered: async () => {
      const { exitCode } = await machine.ask([command, 'identity'], { allowedExitCodes: 'any', timeoutSeconds })
      return exitCode === 0
    },
    run: async (words, secrets = []) => {
      await machine.run([command, ...words], { secrets, timeoutSeconds })
    },
    pools: (state) => lines(['list', `--${state}`, '--pool-only']),
    repos: async (state) =>
      (await lines(['repos', `--list-${state}`])).flatMap((line) => /^Repo ID:\s*(\S+)/.exec(line)?.[1] ?? []),
  }
}

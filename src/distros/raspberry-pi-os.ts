import { messageOf } from '../machine/errors.ts'
import type { Machine } from '../machine/machine.ts'
import { debian } from './debian.ts'
import type { DistroParts, LocaleRequest, NewUser } from './distro.ts'

/** raspi-config knows what else has to change with the locale. Names without a charset are tried with UTF-8, too. */
const applyLocale = async (machine: Machine, { name }: LocaleRequest): Promise<void> => {
  const change = async (locale: string): Promise<void> => {
    await machine.run(['/usr/bin/raspi-config', 'nonint', 'do_change_locale', locale], { timeoutSeconds: 600 })
  }
  try {
    await change(name)
  } catch (error) {
    if (name.endsWith('.UTF-8')) throw error
    machine.log.info(`${messageOf(error)}; trying ${name}.UTF-8`)
    await change(`${name}.UTF-8`)
  }
}

/** The image has an account that waits for a name; with an account made here, that is settled. */
const createUser = async (machine: Machine, user: NewUser): Promise<void> => {
  await debian.accounts.createUser(machine, user)
  try {
    await machine.run(['/usr/bin/rename-user', '-f', '-s'], { env: { SUDO_USER: user.name }, timeoutSeconds: 300 })
  } catch (error) {
    machine.log.warning(`the first login may still ask for a user: ${messageOf(error)}`)
  }
}

/** Raspberry Pi OS: Debian with tools of its own. */
export const raspberryPiOs: DistroParts = {
  ...debian,
  accounts: { ...debian.accounts, createUser },
  identity: { ...debian.identity, applyLocale },
}

import type { ConfigModule, ModuleContext } from '../../src/cloudconfig/module.ts'
import { removeStaleLocks } from '../../src/distros/account-locks.ts'
import { readUsers } from '../../src/distros/users-config.ts'
import { writeToConsole } from '../../src/machine/console.ts'
import { ItemsFailed, messageOf } from '../../src/machine/errors.ts'
import { objectAt } from '../../src/machine/json.ts'
import { allowPasswordLogin } from './password-login.ts'
import { type PasswordRequest, readRequests } from './requests.ts'
import { schema } from './schema.ts'

type Report = (problem: string) => void

/** One chpasswd for all; when it fails, one each, so that one bad user costs nobody else the password. */
const setAll = async (
  { machine, distro }: ModuleContext,
  requests: readonly PasswordRequest[],
  report: Report,
): Promise<PasswordRequest[]> => {
  if (requests.length === 0) return []
  try {
    await distro.accounts.setPasswords(machine, requests)
    return [...requests]
  } catch (error) {
    machine.log.debug(`setting the passwords one by one: ${messageOf(error)}`)
  }
  const done: PasswordRequest[] = []
  for (const request of requests) {
    try {
      await distro.accounts.setPasswords(machine, [request])
      done.push(request)
    } catch (error) {
      report(`the password of ${request.name} is not set: ${messageOf(error)}`)
    }
  }
  return done
}

const showRandom = ({ machine }: ModuleContext, requests: readonly PasswordRequest[]): void => {
  const random = requests.filter(({ isRandom }) => isRandom)
  if (random.length === 0) return
  const lines = random.map(({ name, password }) => `${name}:${password}\n`).join('')
  const text = `Set the following 'random' passwords\n\n${lines}`
  if (writeToConsole(machine, text, { otherwise: 'nowhere' })) return
  const names = random.map(({ name }) => name).join(', ')
  machine.log.warning(`there is no console to show the random passwords of ${names} on; set others with passwd`)
}

const expireAll = async (
  { machine, distro }: ModuleContext,
  requests: readonly PasswordRequest[],
  report: Report,
): Promise<void> => {
  for (const name of new Set(requests.map((request) => request.name))) {
    try {
      await distro.accounts.expirePassword(machine, name)
    } catch (error) {
      report(`the password of ${name} does not expire: ${messageOf(error)}`)
    }
  }
}

/** Whether new passwords must be changed at the first login; true unless clearly denied. */
const mustExpire = (context: ModuleContext): boolean => {
  const expire = objectAt(context.cloudConfig, 'chpasswd')['expire'] ?? true
  return !['false', '0', 'off', 'no'].includes(String(expire).trim().toLowerCase())
}

/** Reads its keys from the whole configuration, so that one wrong value costs no more than that value. */
const setPasswords: ConfigModule = {
  id: 'set_passwords',
  frequency: 'instance',
  distros: 'all',
  schema,
  title: 'Sets passwords, and whether sshd lets users in by password',
  description: 'Passwords never appear in a log. Random ones are shown on the console and nowhere else.',
  examples: [
    '#cloud-config\npassword: change-me\n',
    '#cloud-config\nssh_pwauth: true\nchpasswd:\n  expire: false\n  users:\n    - {name: ada, password: change-me, type: text}\n    - {name: bob, type: RANDOM}\n',
  ],
  run: async (_config, context) => {
    const { machine, distro, cloudConfig } = context
    const failures: string[] = []
    const report: Report = (problem) => {
      machine.log.error(problem)
      failures.push(problem)
    }
    const defaultUser = readUsers(cloudConfig, distro).defaultUser?.name
    const requests = readRequests(cloudConfig, context.arguments[0], defaultUser, machine.log)
    const isThere = ({ name }: PasswordRequest): boolean => distro.accounts.find(machine, name) !== undefined
    for (const { name } of requests.filter((request) => !isThere(request)))
      report(`the password of ${name} is not set: there is no such user`)
    if (requests.length > 0) removeStaleLocks(machine)
    const done = await setAll(context, requests.filter(isThere), report)
    showRandom(context, done)
    if (mustExpire(context)) await expireAll(context, done, report)
    await allowPasswordLogin(context).catch((error: unknown) => report(messageOf(error)))
    if (failures.length > 0) throw new ItemsFailed(failures)
  },
}

export default setPasswords

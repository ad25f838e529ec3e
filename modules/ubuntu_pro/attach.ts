import { ConfigError } from '../../src/machine/errors.ts'
import { isJsonObject, type Json, parseJson, textAt } from '../../src/machine/json.ts'
import type { Machine } from '../../src/machine/machine.ts'

/** What the user asks for; undefined: not mentioned. */
export interface Wanted {
  readonly token: string | undefined
  readonly enable: readonly string[] | undefined
  readonly enableBeta: readonly string[] | undefined
}

/** Exit codes of pro: 2 when the machine is attached already, 1 when some services could not be enabled. */
const attachCodes = [0, 2]
const enableCodes = [0, 1]
const timeoutSeconds = 60 * 60

const serviceName = /^[a-z0-9][a-z0-9._+-]*$/i

/** @throws ConfigError for what could be taken for an option. */
const checkNames = (names: readonly string[], key: string): void => {
  const bad = names.find((name) => !serviceName.test(name))
  if (bad !== undefined) throw new ConfigError(`ubuntu_pro.${key}`, `${JSON.stringify(bad)} is no name of a service`)
}

/** Attaches by token, and enables the services. @throws ConfigError, CommandError */
export const attachByToken = async (machine: Machine, { token, enable = [] }: Wanted): Promise<void> => {
  if (!token) {
    throw new ConfigError(
      'ubuntu_pro.token',
      'it is needed, because this machine does not attach to Ubuntu Pro by itself',
    )
  }
  checkNames(enable, 'enable')
  const options = enable.length > 0 ? ['--no-auto-enable'] : []
  const secrets = [token]
  await machine.run(['pro', 'attach', ...options, token], { allowedExitCodes: attachCodes, secrets, timeoutSeconds })
  if (enable.length > 0) await enableServices(machine, enable)
}

const enableServices = async (machine: Machine, services: readonly string[]): Promise<void> => {
  const argv = ['pro', 'enable', '--assume-yes', '--format', 'json', ...services]
  const { stdout } = await machine.run(argv, { allowedExitCodes: enableCodes, timeoutSeconds })
  const problems = enableProblems(stdout)
  if (problems.length > 0) throw new ConfigError('ubuntu_pro.enable', problems.join('; '))
}

/** What `pro enable --format json` complains about; a service that is enabled already is no problem. */
const enableProblems = (stdout: string): string[] => {
  // A plan's commands say nothing.
  if (stdout.trim() === '') return []
  const answer = readJson(stdout)
  if (!isJsonObject(answer)) return ['pro did not answer in JSON; see /var/log/ubuntu-advantage.log']
  const errors = Array.isArray(answer['errors']) ? answer['errors'].filter(isJsonObject) : []
  return errors
    .filter((error) => error['message_code'] !== 'service-already-enabled')
    .map((error) => [textAt(error, 'service'), textAt(error, 'message')].filter(Boolean).join(': '))
}

const readJson = (text: string): Json | undefined => {
  try {
    return parseJson(text)
  } catch {
    return undefined
  }
}

/** Interfaces of the Pro client: documentation of ubuntu-pro-client, "API reference". */
const shouldAttach = 'u.pro.attach.auto.should_auto_attach.v1'
const fullAttach = 'u.pro.attach.auto.full_auto_attach.v1'

interface ApiAnswer {
  readonly succeeded: boolean
  readonly errors: readonly { readonly code: string; readonly title: string }[]
  readonly attributes: Readonly<Record<string, Json>>
}

/** undefined when it is no answer of the interface: an old client, or none of Ubuntu's. */
const readAnswer = (stdout: string): ApiAnswer | undefined => {
  const answer = readJson(stdout)
  if (!isJsonObject(answer)) return undefined
  const { data, errors } = answer
  const attributes = isJsonObject(data) && isJsonObject(data['attributes']) ? data['attributes'] : {}
  return {
    succeeded: answer['result'] === 'success',
    errors: (Array.isArray(errors) ? errors.filter(isJsonObject) : []).map((error) => ({
      code: textAt(error, 'code') ?? '',
      title: textAt(error, 'title') ?? 'it does not say why',
    })),
    attributes,
  }
}

/** True in an image of Ubuntu Pro, on a cloud that vouches for it. */
export const attachesByItself = async (machine: Machine): Promise<boolean> => {
  const { stdout } = await machine.ask(['pro', 'api', shouldAttach], { allowedExitCodes: 'any', timeoutSeconds: 300 })
  const answer = readAnswer(stdout)
  if (answer === undefined || !answer.succeeded) {
    machine.log.debug(`ubuntu_pro: pro can't tell whether this machine attaches by itself; taken as no`)
    return false
  }
  return answer.attributes['should_auto_attach'] === true
}

/** Attaches an image of Ubuntu Pro. @throws CommandError, ConfigError */
export const attachByCloud = async (machine: Machine, { enable, enableBeta }: Wanted): Promise<void> => {
  const asked = { ...(enable && { enable }), ...(enableBeta && { enable_beta: enableBeta }) }
  const data = Object.keys(asked).length > 0 ? ['--data', JSON.stringify(asked)] : []
  const { stdout } = await machine.run(['pro', 'api', fullAttach, ...data], { allowedExitCodes: 'any', timeoutSeconds })
  const answer = readAnswer(stdout)
  if (answer === undefined || answer.succeeded) return
  const problems = answer.errors.filter(({ code }) => code !== 'already-attached')
  if (problems.length > 0) {
    throw new ConfigError(
      'ubuntu_pro',
      `the machine was not attached: ${problems.map(({ title }) => title).join('; ')}`,
    )
  }
  if (data.length > 0) {
    machine.log.warning('ubuntu_pro: the machine is attached already, so enable and enable_beta are not looked at')
  }
}

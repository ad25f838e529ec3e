import type { JsonObject } from '../machine/json.ts'
import type { Log } from '../machine/log.ts'

export { variablesOf } from '../instance/variables.ts'

export const renderTemplate = (_text: string, _name: string, _variables: JsonObject, _log: Log): string => {
  throw new Error('templates are not supported yet')
}

export const renderQueryFormat = (_format: string, _data: JsonObject, _log: Log): string | undefined => {
  throw new Error('templates are not supported yet')
}

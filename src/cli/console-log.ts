import type { Log } from '../machine/log.ts'
import type { Console } from './console.ts'

/** A log for commands that only answer: warnings and errors go to standard error, each with its level. */
export const consoleLog = (console: Console): Log => {
  const show = (level: string) => (message: string) => console.complain(`${level}: ${message}`)
  const ignore = (): void => undefined
  return {
    debug: ignore,
    info: ignore,
    deprecated: show('DEPRECATED'),
    warning: show('WARNING'),
    error: show('ERROR'),
    announce: (message) => console.complain(message),
    hideSecret: ignore,
  }
}

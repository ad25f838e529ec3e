import { ConfigError } from '../../src/machine/errors.ts'

/** `[match] [@|@@]host[:port] [# name]`; a host with colons stands in brackets. */
const form = /^(?:(\S+)\s+)?(@{0,2})(?:\[([^\]\s]+)\]|([^:\s@[\]]+))(?::(\d{1,5}))?$/

/**
 * A line of rsyslog.conf that sends messages elsewhere (rsyslog.conf(5)): by UDP, or by TCP with `@@`.
 * @param text as configured: `10.0.0.1`, `*.info @@[::1]:514 # comment`
 * @throws ConfigError
 */
export const remoteLine = (name: string, text: string, key: string): string => {
  const [address = '', ...rest] = text.split('#')
  const comment = name || rest.join('#').trim()
  const [whole, match = '*.*', protocol, bracketed, host, port] = form.exec(address.trim()) ?? []
  if (whole === undefined)
    throw new ConfigError(key, `${JSON.stringify(text)} is not of the form [match] [@|@@]host[:port]`)
  const shown = bracketed?.includes(':') ? `[${bracketed}]` : (bracketed ?? host)
  const target = `${protocol === '@@' ? '@@' : '@'}${shown}${port === undefined ? '' : `:${Number(port)}`}`
  return `${match} ${target}${comment === '' ? '' : ` # ${comment}`}`
}

/** Options of a key that opens nothing: who tries is told another name, and cut off after ten seconds with code 142. */
const refusal =
  'no-port-forwarding,no-agent-forwarding,no-X11-forwarding,command="echo \'Please login as the user \\"$USER\\" rather than the user \\"$DISABLE_USER\\".\';echo;sleep 10;exit 142"'

/**
 * Options for authorized_keys that refuse `refused` and name `user` instead.
 * @param template `disable_root_opts`: `$USER` and `$DISABLE_USER` stand for the two names
 */
export const loginRefusal = (user: string, refused: string, template: string = refusal): string =>
  template.replaceAll('$USER', () => user).replaceAll('$DISABLE_USER', () => refused)

import type { JsonObject } from '../../src/machine/json.ts'
import { type OvfEnv, redactedPassword } from './ovf-env.ts'
import { freshSalt, hashPassword } from './password.ts'

/** Configuration that ovf-env.xml stands for, by cloud-init's keys; the password only as a hash. */
export const configOf = async (ovf: OvfEnv): Promise<JsonObject> => {
  // Who gives a password and says nothing more wants to log in with it.
  const disablePasswordAuth = ovf.disablePasswordAuth ?? (ovf.password ? false : undefined)
  const user: JsonObject = {}
  if (ovf.username) user['name'] = ovf.username
  if (ovf.password) user['lock_passwd'] = false
  if (ovf.password && ovf.password !== redactedPassword) {
    user['hashed_passwd'] = await hashPassword(ovf.password, freshSalt())
  }
  const keys = ovf.publicKeys.map(({ fingerprint, path, value }) => ({
    fingerprint: fingerprint ?? null,
    path: path ?? null,
    value,
  }))
  return {
    ...(keys.length > 0 && { _pubkeys: keys }),
    ...(disablePasswordAuth !== undefined && { ssh_pwauth: !disablePasswordAuth }),
    ...(Object.keys(user).length > 0 && { system_info: { default_user: user } }),
    PreprovisionedVm: ovf.preprovisioned,
    PreprovisionedVMType: ovf.preprovisionedType ?? null,
    ProvisionGuestProxyAgent: ovf.waitsForProxyAgent,
  }
}

import type { ConfigModule, Frequency } from '../src/cloudconfig/module.ts'

/** A cloud-init module that firstlight knows by name only. */
interface KnownByName {
  readonly frequency: Frequency
  /** Top-level keys that ask for it; none: it runs always, and does nothing without the keys in `needs`. */
  readonly activateBy?: readonly string[]
  /** Keys that it would act on, where it is not skipped without them. */
  readonly needs?: readonly string[]
}

const byKeys = (...activateBy: string[]): KnownByName => ({ frequency: 'instance', activateBy })

const known: Readonly<Record<string, KnownByName>> = {
  apk_configure: byKeys('apk_repos'),
  byobu: { frequency: 'instance', needs: ['byobu_by_default'] },
  ca_certs: byKeys('ca_certs', 'ca-certs'),
  disable_ec2_metadata: { frequency: 'always', activateBy: ['disable_ec2_metadata'] },
  fan: byKeys('fan'),
  grub_dpkg: byKeys('grub_dpkg', 'grub-dpkg'),
  install_hotplug: { frequency: 'instance', needs: [] },
  keyboard: byKeys('keyboard'),
  ntp: byKeys('ntp'),
  raspberry_pi: byKeys('rpi'),
  reset_rmc: { frequency: 'instance', needs: [] },
  resolv_conf: byKeys('manage_resolv_conf'),
  rh_subscription: byKeys('rh_subscription'),
  rsyslog: byKeys('rsyslog'),
  spacewalk: byKeys('spacewalk'),
  ssh_import_id: { frequency: 'instance', needs: ['ssh_import_id'] },
  ubuntu_autoinstall: { frequency: 'once', activateBy: ['autoinstall'] },
  ubuntu_drivers: byKeys('drivers'),
  yum_add_repo: { frequency: 'always', activateBy: ['yum_repos'] },
  zypper_add_repo: { frequency: 'always', activateBy: ['zypper'] },
}

const stub = (id: string, { frequency, activateBy, needs }: KnownByName): ConfigModule => ({
  id,
  frequency,
  distros: 'all',
  ...(activateBy && { activateBy }),
  title: 'Not supported yet',
  schema: { type: 'object' },
  run: (_config, { cloudConfig, machine }) => {
    const asked = (activateBy ?? needs ?? []).filter((key) => key in cloudConfig && !isDefault(key, cloudConfig[key]))
    if (asked.length === 0) return
    machine.log.warning(`${asked.join(', ')}: firstlight does not support ${id} yet; nothing was done for it`)
  },
})

/** The image's own `apt: {preserve_sources_list: true}` asks for nothing. */
const isDefault = (key: string, value: unknown): boolean =>
  key === 'apt' && JSON.stringify(value) === '{"preserve_sources_list":true}'

/** Modules known by name, so that the lists of an image's cloud.cfg are understood. */
export const notYet: Readonly<Record<string, () => Promise<ConfigModule>>> = Object.fromEntries(
  Object.entries(known).map(([id, facts]) => [id, async () => stub(id, facts)]),
)

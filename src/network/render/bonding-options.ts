import type { LinkOption } from '../model.ts'

/** Options of the kernel's bonding driver that sysconfig hands on, in the order in which it gets them. */
const order = [
  'mode',
  'xmit_hash_policy',
  'miimon',
  'min_links',
  'arp_interval',
  'arp_ip_target',
  'arp_validate',
  'ad_select',
  'num_grat_arp',
  'downdelay',
  'updelay',
  'lacp_rate',
  'fail_over_mac',
  'primary',
  'primary_reselect',
]

/**
 * `mode=active-backup miimon=100`. Options spelled with dashes and underscores mixed are not known by that name.
 */
export const bondingOptions = (options: readonly LinkOption[]): string => {
  const given = new Map(options)
  return order
    .flatMap((name) => {
      const value = given.get(`bond_${name}`) ?? given.get(`bond-${name.replaceAll('_', '-')}`)
      if (value === undefined || value === null) return []
      return [`${name}=${Array.isArray(value) ? value.join(',') : String(value)}`]
    })
    .join(' ')
}

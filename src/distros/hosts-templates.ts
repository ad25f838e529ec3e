/**
 * /etc/hosts for `manage_etc_hosts: true` where the image has no template of its own. The same texts as in
 * config/templates, which a package installs as /etc/cloud/templates/hosts.<family>.tmpl.
 */
const debian = `## template:jinja
# Written anew at every boot, because manage_etc_hosts is true. To make a change that stays, edit
# /etc/cloud/templates/hosts.debian.tmpl, or set manage_etc_hosts to false in user-data or /etc/cloud/cloud.cfg.
127.0.1.1 {{fqdn}} {{hostname}}
127.0.0.1 localhost

# IPv6
::1 localhost ip6-localhost ip6-loopback
ff02::1 ip6-allnodes
ff02::2 ip6-allrouters
`

/** By distribution family; the rest take Debian's. */
export const hostsTemplates: Readonly<Record<string, string>> = { debian }

export const hostsTemplate = (family: string): string =>
  (Object.hasOwn(hostsTemplates, family) ? hostsTemplates[family] : undefined) ?? debian

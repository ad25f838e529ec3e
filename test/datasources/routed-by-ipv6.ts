/** What the kernel says on a link that has heard of a router by IPv6. */
export const routedByIpv6 = (link: string): Record<string, string> => {
  const router = 'fe800000000000000000000000000001'
  const nowhere = '0'.repeat(32)
  const flags = '00000400 00000001 00000000'
  return {
    '/proc/net/if_inet6': `00000000000000000000000000000001 01 80 10 80       lo
fe80000000000000505400fffe000000 02 40 20 80     ${link}
`,
    '/proc/net/ipv6_route': `fe800000000000000000000000000000 40 ${nowhere} 00 ${nowhere} 00000100 00000001 00000000 00000001     ${link}
${nowhere} 00 ${nowhere} 00 ${router} ${flags} 00450003     ${link}
${nowhere} 00 ${nowhere} 00 ${nowhere} ffffffff 00000001 00000000 00200200       lo
`,
  }
}

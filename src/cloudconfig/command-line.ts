/**
 * The cloud-config on a kernel command line: everything between `cc:` (at the start or after a blank) and `end_cc` or
 * the end, URL-decoded, `\n` standing for a line end; several sections make one text.
 */
export const configOnCommandLine = (cmdline: string): string =>
  [...cmdline.matchAll(/(?:^| )cc:([\s\S]*?)(?:end_cc|$)/g)]
    .map(([, section = '']) => urlDecode(section.trimStart()).replaceAll('\\n', '\n'))
    .join('\n')

/** Percent signs that are no escapes stay as they are. */
const urlDecode = (text: string): string =>
  text.replace(/(?:%[0-9a-fA-F]{2})+/g, (escapes) => Buffer.from(escapes.replaceAll('%', ''), 'hex').toString('utf8'))

const secretNames = /([?&;][^=&;#]*(?:sig|token|secret|passw|credential|key)[^=&;#]*=)[^&;#]*/gi

/** A URL fit for logs and errors: without user and password, and without the values of signatures and tokens. */
export const shownUrl = (url: string): string =>
  url.replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/?#@]*@/i, '$1').replace(secretNames, '$1<redacted>')

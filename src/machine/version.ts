/** Set when the program is bundled; a run from source is `0.0.0-dev`. */
declare const FIRSTLIGHT_VERSION: string | undefined

export const version = typeof FIRSTLIGHT_VERSION === 'string' ? FIRSTLIGHT_VERSION : '0.0.0-dev'

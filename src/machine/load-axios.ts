import type { AxiosStatic } from 'axios'

/**
 * Looked at by axios while it loads, and then not used: just looking makes Node load its whole fetch implementation,
 * which takes longer than all of axios (25 of 40 ms, Node 20).
 */
const costlyGlobals = ['FormData', 'Request', 'Response'] as const

/** Loads axios, without what only its fetch adapter would need. */
export const loadAxios = async (): Promise<AxiosStatic> => {
  const kept = costlyGlobals.map((name) => ({ name, descriptor: Object.getOwnPropertyDescriptor(globalThis, name) }))
  for (const { name } of kept) Object.defineProperty(globalThis, name, { value: undefined, configurable: true })
  try {
    const { default: axios } = await import('axios')
    return axios
  } finally {
    for (const { name, descriptor } of kept) if (descriptor) Object.defineProperty(globalThis, name, descriptor)
  }
}

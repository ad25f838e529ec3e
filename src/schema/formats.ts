/** The formats of JSON schema that cloud-init checks. Others hold for every text. */
const formats: Readonly<Record<string, (text: string) => boolean>> = {
  date: (text) => {
    const [, year, month, day] = /^(\d{4})-(\d{2})-(\d{2})$/.exec(text) ?? []
    if (year === undefined) return false
    const lengths = [31, isLeap(Number(year)) ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
    return Number(day) >= 1 && Number(day) <= (lengths[Number(month) - 1] ?? 0)
  },
  email: (text) => text.includes('@'),
  ipv4: (text) => /^(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.(?!$)|$)){4}$/.test(text),
  regex: (text) => {
    try {
      return Boolean(new RegExp(text))
    } catch {
      return false
    }
  },
}

const isLeap = (year: number): boolean => (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0

export const isOfFormat = (text: string, format: string): boolean => formats[format]?.(text) ?? true

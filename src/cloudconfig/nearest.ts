/** The name among `names` that `name` was probably meant to be; undefined when none is close. */
export const nearestName = (name: string, names: Iterable<string>): string | undefined => {
  const limit = Math.max(1, Math.floor(name.length / 3))
  const wanted = plain(name)
  let best: string | undefined
  let least = limit + 1
  for (const candidate of names) {
    if (Math.abs(candidate.length - name.length) > limit) continue
    const distance = plain(candidate) === wanted ? 0 : editDistance(wanted, plain(candidate), least)
    if (distance < least) {
      best = candidate
      least = distance
    }
  }
  return best
}

const plain = (name: string): string => name.toLowerCase().replace(/[-_ ]/g, '_')

/** Letters to change, add, drop or swap; at least `limit` once it is sure to reach that. */
const editDistance = (left: string, right: string, limit: number): number => {
  let beforeLast: number[] = []
  let last = Array.from({ length: right.length + 1 }, (_, index) => index)
  for (let row = 1; row <= left.length; row += 1) {
    const line = [row]
    for (let column = 1; column <= right.length; column += 1) {
      const isSame = left[row - 1] === right[column - 1]
      const change = (last[column - 1] ?? 0) + (isSame ? 0 : 1)
      const best = Math.min((last[column] ?? 0) + 1, (line[column - 1] ?? 0) + 1, change)
      const isSwap = row > 1 && column > 1 && left[row - 1] === right[column - 2] && left[row - 2] === right[column - 1]
      line.push(isSwap ? Math.min(best, (beforeLast[column - 2] ?? 0) + 1) : best)
    }
    if (Math.min(...line) >= limit) return limit
    beforeLast = last
    last = line
  }
  return last[right.length] ?? limit
}

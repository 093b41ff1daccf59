/** For the message about a refused value: the name that was probably meant, if one is near enough. */
export function didYouMean(
  value: unknown,
  known: readonly string[],
  worded: (name: string) => string = (name) => name,
): string | undefined {
  if (typeof value !== 'string') return undefined
  const near = known
    .map((name) => ({ name, distance: distanceBetween(value.toLowerCase(), name.toLowerCase()) }))
    // Two names of which half of the letters differ are two names.
    .filter(({ name, distance }) => distance <= Math.min(3, Math.floor(name.length / 2)))
    .toSorted((one, other) => one.distance - other.distance)
  return near[0] && `did you mean ${worded(near[0].name)}?`
}

/**
 * How many letters have to be inserted, deleted, replaced or swapped with their neighbour (the restricted Damerau-Levenshtein
 * distance). Too little for a dependency of a package that is bundled into functions.
 */
function distanceBetween(one: string, other: string): number {
  const rows = [Array.from({ length: other.length + 1 }, (_, column) => column)]
  for (let i = 1; i <= one.length; i++) {
    const row = [i]
    for (let j = 1; j <= other.length; j++) {
      const replaced = at(rows, i - 1, j - 1) + (one[i - 1] === other[j - 1] ? 0 : 1)
      const isSwapped = one[i - 1] === other[j - 2] && one[i - 2] === other[j - 1]
      const swapped = isSwapped && i > 1 && j > 1 ? at(rows, i - 2, j - 2) + 1 : replaced
      row.push(Math.min(at(rows, i - 1, j) + 1, (row[j - 1] ?? 0) + 1, replaced, swapped))
    }
    rows.push(row)
  }
  return at(rows, one.length, other.length)
}

const at = (rows: readonly (readonly number[])[], row: number, column: number) => rows[row]?.[column] ?? 0

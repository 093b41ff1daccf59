import type { Answer } from './operations.js'

/** Units that a file must have, and those that it may have. */
export interface Expected {
  certain: string[]
  possible: string[]
}

/** Units that are no entry in the books. */
const NO_ENTRIES = new Set(['read', 'created', 'copied', 'vacuumed', 'restored'])

/** Compares what an operation answered with what it may answer, and adds what is in the file from now on. */
export function verdict(operation: string, { outcomes, seen }: Answer, expected: Expected): string[] {
  const wrong = outcomes
    .filter(({ error }) => error?.startsWith('UNTYPED'))
    .map(({ unit, error }) => `${unit} failed with ${error}`)
  if (seen) {
    const before = expected.certain.toSorted().join()
    if (seen.join() !== before) wrong.push(`${operation} saw [${seen.join()}], and [${before}] was there`)
  }
  const restored = outcomes.find(({ unit }) => unit === 'restored')
  if (restored?.is === 'done') expected.certain.splice(0, Number.POSITIVE_INFINITY, 'other', 'source')
  if (restored?.is === 'unknown') {
    expected.possible.push(...expected.certain.splice(0), 'other', 'source')
  }
  for (const { unit, is } of outcomes) {
    if (NO_ENTRIES.has(unit)) continue
    if (is === 'done') expected.certain.push(unit)
    if (is === 'unknown') expected.possible.push(unit)
  }
  return wrong
}

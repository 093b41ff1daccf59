import { PrismaSqliteEfsError } from './errors.js'

/** A value that its column's type has no room for; `what` names the column, the value and the way out. */
export function inconsistent(column: string, what: string, cause?: unknown): PrismaSqliteEfsError {
  const message = `Inconsistent column data: ${what}`
  return new PrismaSqliteEfsError({
    code: 'P2023',
    message,
    meta: { column },
    kind: { kind: 'InconsistentColumnData', cause: what, originalCode: 'P2023', originalMessage: message },
    cause,
  })
}

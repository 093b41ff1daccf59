import type { DatabaseError } from '@sqlite-efs/database'
import { type ErrorKind, PrismaSqliteEfsError, type PrismaSqliteEfsErrorCode } from './errors.js'

// https://www.sqlite.org/rescode.html
const BUSY = 5
const CONSTRAINT_FOREIGNKEY = 787
const CONSTRAINT_NOTNULL = 1299
const CONSTRAINT_PRIMARYKEY = 1555
const CONSTRAINT_TRIGGER = 1811
const CONSTRAINT_UNIQUE = 2067
const CONSTRAINT_ROWID = 2579

interface Classified {
  code: PrismaSqliteEfsErrorCode
  message: string
  kind: ErrorKind
}

/** SQLite's own error, as Prisma knows it. */
export function sqliteError(error: DatabaseError): PrismaSqliteEfsError {
  const extendedCode = error.details.extendedCode ?? 1
  // libsql prefixes nothing, other drivers may: `SQLITE_ERROR: no such table: x`.
  const text = (error.details.sqliteMessage ?? error.message).replace(/^SQLITE_\w+: /, '')
  const { code, message, kind } = classify(extendedCode, text)
  return new PrismaSqliteEfsError({
    code,
    message,
    meta: { extendedCode, sqliteMessage: text },
    kind: { originalCode: String(extendedCode), originalMessage: text, ...kind },
  })
}

function classify(extendedCode: number, text: string): Classified {
  switch (extendedCode) {
    case CONSTRAINT_UNIQUE:
    case CONSTRAINT_PRIMARYKEY:
    case CONSTRAINT_ROWID: {
      const { table, constraint, on } = constraintOf(text)
      return {
        code: 'P2002',
        message: `Unique constraint failed on the ${on}`,
        kind: { kind: 'UniqueConstraintViolation', ...(constraint && { constraint }), ...(table && { table }) },
      }
    }
    case CONSTRAINT_NOTNULL: {
      const { constraint, on } = constraintOf(text)
      return {
        code: 'P2011',
        message: `Null constraint violation on the ${on}`,
        kind: { kind: 'NullConstraintViolation', ...(constraint && { constraint }) },
      }
    }
    case CONSTRAINT_FOREIGNKEY:
    case CONSTRAINT_TRIGGER:
      // SQLite's ON DELETE RESTRICT is a trigger too; a user's RAISE() has the user's own words.
      if (extendedCode === CONSTRAINT_TRIGGER && text !== 'FOREIGN KEY constraint failed') break
      return {
        code: 'P2003',
        // A script that would leave rows that point nowhere has more to say.
        message: text.split('failed: ').at(1) ?? 'Foreign key constraint violated on the foreign key',
        kind: { kind: 'ForeignKeyConstraintViolation', constraint: { foreignKey: {} } },
      }
  }
  if ((extendedCode & 0xff) === BUSY) return { code: 'P1008', message: text, kind: { kind: 'SocketTimeout' } }

  const table = /^no such table: (.+)$/s.exec(text)?.[1]
  if (table !== undefined) {
    const message = `The table \`${table}\` does not exist in the current database.`
    return { code: 'P2021', message, kind: { kind: 'TableDoesNotExist', table } }
  }
  const column = (/^no such column: (.+?)(?: - should this be .*)?$/s.exec(text) ??
    /has no column named (.+)$/s.exec(text))?.[1]
  if (column !== undefined) {
    const message = `The column \`${column}\` does not exist in the current database.`
    return { code: 'P2022', message, kind: { kind: 'ColumnNotFound', column } }
  }
  return { code: 'P2039', message: `SQLite: ${text}`, kind: { kind: 'sqlite', extendedCode, message: text } }
}

/**
 * `UNIQUE constraint failed: Seat.eventId, Seat.number` names columns; `UNIQUE constraint failed: index 'byName'` an index
 * on an expression.
 */
function constraintOf(text: string): {
  table?: string
  constraint?: { fields: string[] } | { index: string }
  on: string
} {
  const subject = text.split('constraint failed: ').at(1)
  if (subject === undefined) return { on: '(not available)' }
  const index = /^index '(.*)'$/s.exec(subject)?.[1]
  if (index !== undefined) return { constraint: { index }, on: `constraint: \`${index}\`` }
  const columns = subject.split(', ').map((column) => {
    const dot = column.lastIndexOf('.')
    return { table: column.slice(0, Math.max(dot, 0)), field: column.slice(dot + 1) }
  })
  const table = columns[0]?.table
  const fields = columns.map(({ field }) => field)
  return {
    ...(table && { table }),
    constraint: { fields },
    on: `fields: (${fields.map((field) => `\`${field}\``).join(', ')})`,
  }
}

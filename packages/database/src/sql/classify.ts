import { DatabaseError } from '../contract/errors.js'
import type { StatementKind } from '../contract/values.js'
import { hasTclVariable } from './names.js'
import { connectionFunction, outOfBounds } from './out-of-bounds.js'
import { isInForce, isKnownPragma, type Pragmas, settingsInForce } from './pragmas.js'
import { leadingTokens, normalized, splitStatements } from './scanner.js'

/** PRAGMAs that take an argument and still only read (https://www.sqlite.org/pragma.html). */
const READING_PRAGMAS = new Set(
  `TABLE_INFO TABLE_XINFO TABLE_LIST INDEX_LIST INDEX_INFO INDEX_XINFO FOREIGN_KEY_LIST FOREIGN_KEY_CHECK INTEGRITY_CHECK
   QUICK_CHECK`.split(/\s+/),
)
const WRITING_PRAGMAS = new Set(['OPTIMIZE', 'INCREMENTAL_VACUUM'])
/** Not to be run even to ask: they checkpoint or free what they should not. */
const REFUSED_PRAGMAS = new Set(['WAL_CHECKPOINT', 'SHRINK_MEMORY', 'WRITABLE_SCHEMA', 'TEMP_STORE_DIRECTORY'])

const WAY_OUT: Record<string, string> = {
  BEGIN: 'Use $transaction([...]) or $transaction(async (tx) => ...) instead.',
  COMMIT: 'Use $transaction([...]) or $transaction(async (tx) => ...) instead.',
  END: 'Use $transaction([...]) or $transaction(async (tx) => ...) instead.',
  ROLLBACK: 'Throw inside $transaction(async (tx) => ...) instead.',
  SAVEPOINT: 'Use a nested $transaction instead.',
  RELEASE: 'Use a nested $transaction instead.',
  ATTACH: 'The lease covers one file: open a second database with a client of its own.',
  DETACH: 'The lease covers one file: open a second database with a client of its own.',
  VACUUM: 'It rewrites the whole file: use vacuum() of @sqlite-efs/database, or `sqlite-efs vacuum`.',
}

const VACUUM_INTO =
  'It would copy the file past every check: use snapshot() of @sqlite-efs/database, or `sqlite-efs snapshot`.'

const ENDS_TRANSACTION = new Set(['BEGIN', 'COMMIT', 'END', 'ROLLBACK', 'SAVEPOINT', 'RELEASE'])
const IT_IS_EMPTY =
  'It is empty: not an error for SQLite, but nothing would run. Skip the call; Prisma.empty is for a part of a statement.'
const LEAVE_IT_OUT = 'A script is one transaction, all or nothing, without it: leave it out.'

const CREATE_IN_TEMP =
  /^CREATE (?:UNIQUE |VIRTUAL )?(?:TABLE|INDEX|VIEW|TRIGGER) (?:IF NOT EXISTS )?["'`[]?TEMP["'`\]]? \./i
const EXPLAIN_PRAGMA = /^EXPLAIN (?:QUERY PLAN )?PRAGMA/

const DEFINITIONS = new Set(['CREATE', 'DROP', 'ALTER', 'REINDEX', 'ANALYZE'])

/** Where a statement is about to run: some are right only there. */
export type StatementScope = 'alone' | 'transaction' | 'script'

/**
 * Refuses what would break the guarantees, before anything is run.
 *
 * @throws DatabaseError `STATEMENT_REFUSED`
 */
export function refuseUnsafe(sql: string, scope: StatementScope, inForce: Pragmas = settingsInForce()): void {
  refuseUnreadable(sql)
  const [first = '', second = ''] = leadingTokens(sql, 2)
  if (first === '') throw refused(sql, IT_IS_EMPTY)
  if (first === ';') throw refused(sql, 'It begins with a semicolon: leave that out.')
  if (scope !== 'script' && splitStatements(sql).length > 1) {
    throw refused(sql, 'It holds more than one statement; only the first would run. Send them one by one.')
  }
  if (first === 'VACUUM' && leadingTokens(sql, 3).includes('INTO')) throw refused(sql, VACUUM_INTO)
  const wayOut = scope === 'script' && ENDS_TRANSACTION.has(first) ? LEAVE_IT_OUT : WAY_OUT[first]
  if (wayOut) throw refused(sql, `${first} would get in the way of the lease. ${wayOut}`)
  if (first === 'CREATE' && (second === 'TEMP' || second === 'TEMPORARY' || CREATE_IN_TEMP.test(normalized(sql)))) {
    throw refused(
      sql,
      'What is temporary belongs to one connection, and connections come and go here. Use an ordinary table.',
    )
  }
  if (EXPLAIN_PRAGMA.test(leadingTokens(sql, 4).join(' '))) {
    throw refused(sql, 'SQLite carries some PRAGMAs out while it compiles them, explained or not.')
  }
  if (first === 'PRAGMA') refuseUnsafePragma(sql, scope, inForce)
  const reached = outOfBounds(sql)
  if (reached) throw refused(sql, `${reached} reaches out of the database, to files, keys or raw pages.`)
  if (scope === 'alone') refuseOfConnection(sql, connectionFunction(sql))
}

/** @throws DatabaseError `STATEMENT_REFUSED` where a function is given that tells of the connection's last change */
export function refuseOfConnection(sql: string, name: string | undefined): void {
  if (!name) return
  throw refused(
    sql,
    `Outside a transaction, ${name}() tells of another caller's change, or of none: connections are shared here. Use RETURNING, or run both statements in one $transaction.`,
  )
}

/**
 * Refuses what SQLite reads in another way than this project: up to a NUL, or on over a parenthesis that belongs to a parameter.
 *
 * @throws DatabaseError `STATEMENT_REFUSED`
 */
export function refuseUnreadable(sql: string): void {
  refuseNul(sql)
  if (hasTclVariable(sql)) {
    throw refused(sql, "It holds a parameter with '::' or parentheses in its name: use ?, ?1, :name, @name or $name.")
  }
}

/**
 * SQLite reads up to a NUL, and would run a statement without its end: without its WHERE, say.
 *
 * @throws DatabaseError `STATEMENT_REFUSED`
 */
export function refuseNul(sql: string): void {
  if (sql.includes('\0'))
    throw refused(sql.replaceAll('\0', '\\0'), 'It holds a NUL, at which SQLite would stop to read.')
}

function refuseUnsafePragma(sql: string, scope: StatementScope, inForce: Pragmas): void {
  const { name, sign, value } = pragma(sql)
  // libsql's own are among the others: without a value, too, PRAGMA rekey encrypts the file.
  if (!isKnownPragma(name)) throw refused(sql, `SQLite has no PRAGMA ${name.toLowerCase()}.`)
  if (REFUSED_PRAGMAS.has(name)) throw refused(sql, `PRAGMA ${name.toLowerCase()} is not for a leased file.`)
  if (sign !== '=' && sign !== '(') return
  if (READING_PRAGMAS.has(name) || WRITING_PRAGMAS.has(name)) return
  if (isInForce(inForce, name, value)) return
  if (name === 'DEFER_FOREIGN_KEYS') {
    if (scope !== 'alone') return
    throw refused(
      sql,
      'SQLite forgets it at the end of each transaction: send it as the first statement of the transaction that needs it.',
    )
  }
  if (name === 'FOREIGN_KEYS' && scope === 'script') {
    foreignKeysSetTo(sql)
    return
  }
  throw refused(
    sql,
    `PRAGMA ${name.toLowerCase()} would change one of several connections, or what the lease depends on. What may be set is set for all of them by the \`pragmas\` option.`,
  )
}

/** What `PRAGMA foreign_keys` is set to by some spellings of a boolean (https://www.sqlite.org/pragma.html#syntax). */
const FOREIGN_KEYS: Readonly<Record<string, 'on' | 'off'>> = {
  ON: 'on',
  YES: 'on',
  TRUE: 'on',
  1: 'on',
  OFF: 'off',
  NO: 'off',
  FALSE: 'off',
  0: 'off',
}

/**
 * What a statement sets `PRAGMA foreign_keys` to; undefined for any other statement, and for one that only asks. Inside a
 * transaction it does nothing, so a spelling that is not understood must not run there.
 *
 * @throws DatabaseError `STATEMENT_REFUSED` where it is set to something that is neither
 */
export function foreignKeysSetTo(sql: string): 'on' | 'off' | undefined {
  const { name, sign, value } = pragma(sql)
  if (name !== 'FOREIGN_KEYS' || (sign !== '=' && sign !== '(')) return undefined
  const setTo = FOREIGN_KEYS[value]
  if (setTo) return setTo
  throw refused(sql, 'Whether it switches foreign keys on or off is not understood: say ON or OFF.')
}

/** Whether a statement sets a PRAGMA to what every connection has it set to: it changes nothing. */
export function setsWhatIsInForce(sql: string, inForce: Pragmas): boolean {
  const { name, sign, value } = pragma(sql)
  return (sign === '=' || sign === '(') && isInForce(inForce, name, value)
}

/** A PRAGMA in its parts, without quotes and in upper case; all of them empty for another statement. */
function pragma(sql: string): { name: string; sign: string; value: string } {
  // The longest that matters: PRAGMA main . foreign_keys ( off ), and what does not belong there.
  const [first, ...rest] = leadingTokens(sql, 8)
  if (first !== 'PRAGMA') return { name: '', sign: '', value: '' }
  const [name = '', sign = '', ...value] = rest[1] === '.' ? rest.slice(2) : rest
  if (sign === '(' && value.at(-1) === ')') value.pop()
  return { name: unquoted(name), sign, value: unquoted(value.join(' ')) }
}

const unquoted = (name: string) => name.replace(/^["'`[]|["'`\]]$/g, '').toUpperCase()

function refused(sql: string, reason: string): DatabaseError {
  return new DatabaseError('STATEMENT_REFUSED', `This statement is not run: ${excerpt(sql)}. ${reason}`)
}

/** The beginning of a statement, for a message. */
export function excerpt(sql: string): string {
  const line = sql.replace(/\s+/g, ' ').trim()
  return `\`${line.length > 80 ? `${line.slice(0, 79)}…` : line}\``
}

/** What the first words alone say; undefined where only SQLite knows. */
export function kindByFirstWords(sql: string): StatementKind | undefined {
  const [first = ''] = leadingTokens(sql, 1)
  if (first === 'EXPLAIN') return 'read'
  // SQLite calls one that has nothing to do just now (IF EXISTS) a read; the next time it may have.
  if (DEFINITIONS.has(first)) return 'write'
  if (first !== 'PRAGMA') return undefined
  const { name } = pragma(sql)
  return WRITING_PRAGMAS.has(name) || name === 'DEFER_FOREIGN_KEYS' ? 'write' : 'read'
}

/** What the command of a compiled statement says; undefined for WITH, which any command may follow. */
export function kindByCommand(sql: string): StatementKind | undefined {
  switch (leadingTokens(sql, 1)[0]) {
    case 'SELECT':
    case 'VALUES':
      return 'read'
    case 'INSERT':
    case 'REPLACE':
    case 'UPDATE':
    case 'DELETE':
      return 'write'
    default:
      return undefined
  }
}

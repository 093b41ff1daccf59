import { Debug, type SqlQuery, type SqlQueryable, type SqlResultSet } from '@prisma/driver-adapter-utils'
import type { ResultSet, SqlValue } from '@sqlite-efs/database'
import { decideAggregates, hasUndecidedAggregates } from './conversion/aggregated-dates.js'
import { type TimestampFormat, toSqlValues } from './conversion/arguments.js'
import { type IntMode, toPrismaResult } from './conversion/results.js'
import { toPrismaError } from './errors/database-error.js'
import { PrismaSqliteEfsError } from './errors/errors.js'

/** The schema engine and error reports know the adapter by this. */
export const ADAPTER_NAME = 'prisma-adapter-sqlite-efs'

/** Statements and codes only: a parameter may be anybody's secret, and SQLite's messages may quote one (`bad JSON path: '...'`). */
const debug = Debug('prisma:driver-adapter:sqlite-efs')

/** How values are converted on their way to SQLite, and back. */
export interface Conversion {
  timestampFormat: TimestampFormat
  /** @defaultValue `'number'` */
  intMode?: IntMode
}

/** What runs one statement: the database, or a transaction on it. */
export interface StatementRunner {
  execute(sql: string, args: readonly SqlValue[]): Promise<ResultSet>
}

/** Prisma's two ways to run a statement. Which of them reads and which writes is SQLite's to say, not Prisma's. */
export class Queryable implements SqlQueryable {
  readonly provider = 'sqlite'
  readonly adapterName = ADAPTER_NAME
  readonly #runner: StatementRunner
  readonly #conversion: Conversion

  constructor(runner: StatementRunner, conversion: Conversion) {
    this.#runner = runner
    this.#conversion = conversion
  }

  async queryRaw(query: SqlQuery): Promise<SqlResultSet> {
    const result = await this.#run('queryRaw', query)
    if (hasUndecidedAggregates(result)) await decideAggregates(query.sql, result, (sql) => this.#columnType(sql))
    return toPrismaResult(result, this.#conversion.intMode)
  }

  async executeRaw(query: SqlQuery): Promise<number> {
    return (await this.#run('executeRaw', query)).changes
  }

  /** Of a statement that selects one column. */
  async #columnType(sql: string): Promise<string | null> {
    const { columns } = await this.#run('queryRaw', { sql, args: [], argTypes: [] })
    return columns[0]?.declaredType ?? null
  }

  async #run(method: string, query: SqlQuery): Promise<ResultSet> {
    const args = toSqlValues(query, this.#conversion.timestampFormat)
    if (isDebugged()) debug('%s', `[${method}] ${query.sql}`)
    try {
      return await this.#runner.execute(query.sql, args)
    } catch (error) {
      throw asPrismaError(`[${method}] ${query.sql}`, error)
    }
  }
}

/** Runs `body`; what it throws comes out as Prisma and its users know it. */
export async function withPrismaErrors<T>(what: string, body: () => T | Promise<T>): Promise<T> {
  if (isDebugged()) debug('%s', what)
  try {
    return await body()
  } catch (error) {
    throw asPrismaError(what, error)
  }
}

function asPrismaError(what: string, error: unknown): unknown {
  const known = toPrismaError(error)
  if (isDebugged()) debug('%s failed: %s', what, codeOf(known))
  return known
}

/**
 * Whether anybody may be listening. To find out that nobody is, Prisma's function parses the setting at each call: a fifth of a point
 * read.
 */
const isDebugged = () => Boolean((globalThis as { DEBUG?: string }).DEBUG) || debug.enabled

function codeOf(error: unknown): string {
  if (!(error instanceof PrismaSqliteEfsError)) return error instanceof Error ? error.name : typeof error
  const extendedCode = error.meta?.['extendedCode']
  return typeof extendedCode === 'number' ? `${error.code}, SQLite's code ${extendedCode}` : error.code
}

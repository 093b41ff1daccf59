import { ColumnTypeEnum } from '@prisma/driver-adapter-utils'
import type { ResultSet } from '@sqlite-efs/database'
import { declaredColumnType } from './column-types.js'
import { isPrismasDateText } from './date-text.js'
import { type Shape, shapeOf } from './shape.js'

const NAME = '`(?:[^`]|``)+`'

/** Whether the result has an aggregate with a text that Prisma does not write as a date. */
export function hasUndecidedAggregates({ columns, rows }: ResultSet): boolean {
  const { undecided } = shapeOf(columns)
  return undecided.some((index) => holdsForeignText(rows, index))
}

/**
 * Finds out which of Prisma's aggregates are dates. `MIN("at")` declares no type, so that a date in the words of another program
 * would look like any text, and Prisma would make an Invalid Date of it. The column behind it tells, and is asked once for
 * each statement.
 *
 * @param columnType returns the declared type of the column that a statement selects
 */
export async function decideAggregates(
  sql: string,
  { columns }: ResultSet,
  columnType: (sql: string) => Promise<string | null>,
): Promise<void> {
  const shape = shapeOf(columns)
  const undecided = shape.undecided
  for (const index of undecided) await decide(sql, shape, index, columnType)
  shape.undecided = []
}

const holdsForeignText = (rows: unknown[][], index: number) =>
  rows.some((row) => typeof row[index] === 'string' && !isPrismasDateText(row[index]))

async function decide(
  sql: string,
  shape: Shape,
  index: number,
  columnType: (sql: string) => Promise<string | null>,
): Promise<void> {
  const column = columnOf(sql, shape.names[index]!)
  if (column === undefined) return
  const declared = declaredColumnType(await columnType(`SELECT ${column.name} FROM ${column.table} LIMIT 0`))
  if (declared === ColumnTypeEnum.DateTime || declared === ColumnTypeEnum.Date) shape.types[index] = declared
}

/** The column that Prisma aggregates under this name: it is qualified there, or in the subquery that is aggregated. */
function columnOf(sql: string, alias: string): { table: string; name: string } | undefined {
  const quoted = escaped(`\`${alias.replaceAll('`', '``')}\``)
  const call = new RegExp(`(?:MIN|MAX)\\((?:(${NAME}\\.${NAME})\\.)?(${NAME})\\) AS ${quoted}`).exec(sql)
  if (!call) return undefined
  const name = call[2]!
  const table = call[1] ?? new RegExp(`(${NAME}\\.${NAME})\\.${escaped(name)}`).exec(sql)?.[1]
  return table === undefined ? undefined : { table, name }
}

const escaped = (text: string) => text.replaceAll(/[$()*+.?[\\\]^{|}]/g, String.raw`\$&`)

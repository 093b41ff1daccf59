import type { SqlValue } from '../../contract/values.js'
import type { FileConnection } from '../../engine/connection.js'
import type { Steps } from './steps.js'

/** So many rows are counted in one step. */
const ROWS_PER_STEP = 5_000n
const SMALLEST_ROWID = -(2n ** 63n)
const LARGEST_ROWID = 2n ** 63n - 1n

/** A name as an SQL identifier. */
const quoted = (name: string) => `"${name.replaceAll('"', '""')}"`

/** Virtual tables are left out: their modules may not be there, and what they keep is in tables of its own. */
const TABLES = `SELECT name, wr FROM pragma_table_list WHERE schema = 'main' AND type IN ('table', 'shadow') AND name NOT IN ('sqlite_schema', 'sqlite_master') ORDER BY name`

/** How many rows each table has. Whatever its size, others have their turns meanwhile, but for a large table WITHOUT ROWID. */
export async function countRows(steps: Steps): Promise<Record<string, number>> {
  const tables = await steps((connection) =>
    connection.run(TABLES).rows.map(([name, withoutRowid]) => {
      const table = String(name)
      return { table, rowid: withoutRowid === 0n ? rowidNameIn(connection, table) : undefined }
    }),
  )
  const counts: [string, number][] = []
  for (const { table, rowid } of tables) {
    const count = rowid ? await countByRowid(steps, table, rowid) : await steps((it) => countAtOnce(it, table))
    counts.push([table, Number(count)])
  }
  return Object.fromEntries(counts)
}

/** The rowid goes by three names, and a column may have taken each: https://www.sqlite.org/lang_createtable.html#rowid */
function rowidNameIn(connection: FileConnection, table: string): string | undefined {
  const columns = connection
    .run('SELECT name FROM pragma_table_xinfo(?1)', [table])
    .rows.map(([name]) => String(name).toLowerCase())
  return ['rowid', '_rowid_', 'oid'].find((name) => !columns.includes(name))
}

const countAtOnce = (connection: FileConnection, table: string) =>
  connection.value(`SELECT count(*) FROM ${quoted(table)}`) as bigint

async function countByRowid(steps: Steps, table: string, rowid: string): Promise<bigint> {
  const sql = `SELECT count(*), max(r) FROM (SELECT ${rowid} AS r FROM ${quoted(table)} WHERE ${rowid} >= ?1 ORDER BY ${rowid} LIMIT ?2)`
  let total = 0n
  let from: bigint = SMALLEST_ROWID
  for (;;) {
    const [[count, last] = []] = await steps(
      (connection) => connection.run(sql, [from, ROWS_PER_STEP]).rows as SqlValue[][],
    )
    total += count as bigint
    if (count !== ROWS_PER_STEP || last === LARGEST_ROWID) return total
    from = (last as bigint) + 1n
  }
}

/** What differs between two counts, in words; undefined where nothing does. */
export function differenceInRows(wanted: Record<string, number>, found: Record<string, number>): string | undefined {
  for (const table of new Set([...Object.keys(wanted), ...Object.keys(found)])) {
    if (wanted[table] !== found[table]) {
      return `${quoted(table)} has ${found[table] ?? 'no'} rows, and should have ${wanted[table] ?? 'none'}`
    }
  }
  return undefined
}

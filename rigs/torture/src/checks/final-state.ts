import Database from 'libsql'

/** A row of the ledger, as it is in the file. */
export interface EntryRow {
  id: number
  transferId: string
  sequence: string
  seq: number
  fromId: number
  toId: number
  amount: number
  fence: number | null
}

/** What is in the bank's file when all is over. */
export interface FinalState {
  entries: EntryRow[]
  legs: { transferId: string; accountId: number; amount: number }[]
  accounts: { id: number; opening: number; balance: number }[]
  /** The header's `user_version`. */
  fence: number
  /** What SQLite's own checks have to say, and indexes that know other rows than their table; empty where all is well. */
  complaints: string[]
}

/** Reads all of a file that nobody uses any more. It rolls back what the last dead writer left. */
export function readFinalState(path: string): FinalState {
  const state: FinalState = { entries: [], legs: [], accounts: [], fence: 0, complaints: [] }
  let db: Database.Database | undefined
  try {
    // By SQLite's own VFS: libsql's default takes a failed read for a good one.
    db = new Database(`file:${path}?vfs=unix`)
    const all = <T>(sql: string) => db!.prepare(sql).all() as T[]
    const check = all<{ integrity_check: string }>('PRAGMA integrity_check').map((row) => row.integrity_check)
    if (check.join() !== 'ok') state.complaints.push(...check)
    for (const row of all<object>('PRAGMA foreign_key_check'))
      state.complaints.push(`foreign key: ${JSON.stringify(row)}`)
    state.complaints.push(...indexComplaints(db))
    state.fence = all<{ user_version: number }>('PRAGMA user_version')[0]?.user_version ?? 0
    state.accounts = all('SELECT "id", "opening", "balance" FROM "Account" NOT INDEXED')
    state.legs = all('SELECT "transferId", "accountId", "amount" FROM "Leg" NOT INDEXED')
    state.entries = all(
      'SELECT "id", "transferId", "sequence", "seq", "fromId", "toId", "amount", "fence" FROM "Entry" NOT INDEXED ORDER BY "id"',
    )
  } catch (error) {
    // A file may be beyond reading.
    state.complaints.push(String(error))
  } finally {
    db?.close()
  }
  return state
}

/** Integrity_check compares the number of rows, too; this asks again in other words, by what is in them. */
function indexComplaints(db: Database.Database): string[] {
  const sums = (sql: string) => {
    const { rows, sum } = db.prepare(sql).get() as { rows: number; sum: number }
    return `${rows} rows with the sum ${sum}`
  }
  const indexes = [
    ['Entry', 'Entry_transferId_idx', 'LENGTH("transferId")'],
    ['Entry', 'Entry_sequence_seq_idx', '"seq"'],
    ['Leg', 'Leg_transferId_idx', 'LENGTH("transferId")'],
    ['Leg', 'Leg_accountId_amount_idx', '"accountId" * 1000 + "amount"'],
  ]
  return indexes.flatMap(([table, index, value]) => {
    const with_ = sums(
      `SELECT COUNT(*) AS rows, SUM(${value}) AS sum FROM "${table}" INDEXED BY "${index}" WHERE ${firstColumn(index!)} IS NOT NULL`,
    )
    const without = sums(`SELECT COUNT(*) AS rows, SUM(${value}) AS sum FROM "${table}" NOT INDEXED`)
    return with_ === without ? [] : [`index ${index} has ${with_}, its table ${without}`]
  })
}

const firstColumn = (index: string) => `"${index.split('_')[1]}"`

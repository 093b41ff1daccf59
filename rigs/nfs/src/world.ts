/*
 * What is in the file. Every transaction adds 1 to every balance and writes one entry; so at any time all balances are the
 * same, and as high as there are entries. Half a transaction shows, whichever half it is.
 */

export const ACCOUNTS = 4000

/** About 4.3 MB: a COMMIT writes every page of it. */
export const SCHEMA = `
CREATE TABLE account (id INTEGER PRIMARY KEY, balance INTEGER NOT NULL, pad BLOB NOT NULL);
CREATE TABLE entry (who TEXT NOT NULL, n INTEGER NOT NULL, at TEXT NOT NULL, PRIMARY KEY (who, n));
WITH RECURSIVE i(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM i WHERE n < ${ACCOUNTS})
  INSERT INTO account SELECT n, 0, randomblob(1000) FROM i;`

export const ADD_TO_ALL = 'UPDATE account SET balance = balance + 1'

export const addEntry = (owner: string, n: number) => ({
  sql: "INSERT INTO entry VALUES (?, ?, strftime('%Y-%m-%dT%H:%M:%f'))",
  args: [owner, n],
})

export const PROBE = 'SELECT min(balance), max(balance), count(*), (SELECT count(*) FROM entry) FROM account'

/** What a reader saw in one look. */
export interface Probe {
  min: number
  max: number
  accounts: number
  entries: number
}

export function probeOf(row: readonly unknown[] | undefined): Probe {
  const [min = Number.NaN, max = Number.NaN, accounts = Number.NaN, entries = Number.NaN] = (row ?? []).map(Number)
  return { min, max, accounts, entries }
}

export const isWhole = ({ min, max, accounts, entries }: Probe) =>
  min === max && max === entries && accounts === ACCOUNTS

import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { type Database, openDatabase, type SqlValue } from '@sqlite-efs/database'
import { LocalLeaser } from '@sqlite-efs/lease'
import Libsql from 'libsql'

/** The file's name in its folder: the journal's begins with it, too. */
export const FILE = 'app.db'

const ACCOUNTS = 200
const PARTS = 9

/**
 * One INSERT into `Entry` changes a ninth of the accounts, on every page of theirs: what is half done shows in the balances.
 */
export const SCHEMA = `
  CREATE TABLE Account (id INTEGER PRIMARY KEY NOT NULL, part INTEGER NOT NULL, balance INTEGER NOT NULL, memo TEXT NOT NULL);
  CREATE TABLE Entry (id TEXT PRIMARY KEY NOT NULL, part INTEGER NOT NULL, delta INTEGER NOT NULL);
  CREATE INDEX account_of_part ON Account (part, balance);
  CREATE TRIGGER books AFTER INSERT ON Entry BEGIN
    UPDATE Account SET balance = balance + NEW.delta, memo = printf('%.*c', 300 + NEW.delta, substr(NEW.id, 1, 1)) WHERE part = NEW.part;
  END;
  WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${ACCOUNTS})
  INSERT INTO Account SELECT i, i % ${PARTS}, 1000, printf('%.*c', 300, '-') FROM n;`

/** Enters one unit: all of it is in the file afterwards, or nothing. */
export const ENTER = 'INSERT INTO Entry VALUES (?, ?, ?)'

/** Which part of the accounts a unit changes, and by how much. */
export function argumentsOf(unit: string): SqlValue[] {
  const number = Buffer.from(unit).reduce((sum, byte) => sum + byte, 0)
  return [unit, BigInt(number % PARTS), BigInt(1 + (number % 7))]
}

/** The units in the file, how many accounts there are, and how many do not have the balance that the units make. */
export const STATE = `
  SELECT (SELECT group_concat(id) FROM (SELECT id FROM Entry ORDER BY id)), count(*),
    total(balance <> 1000 + (SELECT total(delta) FROM Entry WHERE Entry.part = Account.part))
  FROM Account`

/** What {@link STATE} found, as one text; `undefined` where all is right with it. */
export function unitsOf([row]: readonly (readonly SqlValue[])[]): { units: string[]; wrong: string | undefined } {
  const [ids, accounts, wrong] = row ?? []
  const isWrong = Number(accounts) !== ACCOUNTS || Number(wrong) !== 0
  const units = typeof ids === 'string' && ids !== '' ? ids.split(',') : []
  return { units, wrong: isWrong ? `${accounts} accounts, ${wrong} of them wrong, with ${units.join()}` : undefined }
}

/** Where `lease: 'local'` keeps the line. */
export const lineBeside = (path: string) => `${path}-lease`

/** Opens a file as the product does; its line is in a folder that the caller names. */
export function openBank(path: string, line: string): Database {
  mkdirSync(dirname(line), { recursive: true })
  // A lease that could not be given back for a fault ends before others give up.
  const leaser = new LocalLeaser({ directory: line, ttlMs: line === lineBeside(path) ? 2_000 : 6_000 })
  return openDatabase({ path, leaser, maxHoldMs: 0, release: 'before-answer', timeoutMs: 3_000 })
}

/** Looks at a file that no process uses, without any code of the product. */
export function examine(path: string): { units: string[]; problems: string[]; tables: string[] } {
  const libsql = new Libsql(`file:${path}?vfs=unix&mode=rw`)
  try {
    const all = (sql: string) => libsql.prepare(sql).raw().all([]) as SqlValue[][]
    const problems = all('PRAGMA integrity_check(3)').map(([line]) => String(line))
    const { units, wrong } = unitsOf(all(STATE))
    const tables = all(`SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name`).map(([name]) =>
      String(name),
    )
    return { units, tables, problems: [...problems.filter((line) => line !== 'ok'), ...(wrong ? [wrong] : [])] }
  } catch (error) {
    return { units: [], tables: [], problems: [`can't be read: ${(error as Error).message}`] }
  } finally {
    libsql.close()
  }
}

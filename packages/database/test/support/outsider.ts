import Libsql from 'libsql'
import { onTestFinished } from 'vitest'

/** Somebody else with the file open: plain libsql, as another process has it. */
export function outsider(path: string): Libsql.Database {
  const libsql = new Libsql(path)
  libsql.exec('PRAGMA journal_mode=PERSIST; PRAGMA busy_timeout=0')
  onTestFinished(() => {
    libsql.close()
  })
  return libsql
}

/** Whether somebody reads or writes the file just now. */
export function isLocked(libsql: Libsql.Database): boolean {
  try {
    libsql.exec('BEGIN EXCLUSIVE')
  } catch {
    return true
  }
  libsql.exec('ROLLBACK')
  return false
}

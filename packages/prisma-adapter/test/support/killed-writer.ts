import { spawnSync } from 'node:child_process'

const PROGRAM = `
const libsql = new (require('libsql'))(process.argv[1])
libsql.exec('PRAGMA journal_mode=PERSIST; PRAGMA cache_size=10; BEGIN IMMEDIATE; CREATE TABLE filler (x)')
libsql.exec('WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200) INSERT INTO filler SELECT randomblob(3000) FROM n')
process.kill(process.pid, 'SIGKILL')`

/** Leaves what a writer leaves that is killed with pages of its transaction in the file: a hot journal beside it. */
export function killWriterOf(file: string): void {
  const { signal, stderr } = spawnSync(process.execPath, ['-e', PROGRAM, file], { encoding: 'utf8' })
  if (signal !== 'SIGKILL') throw new Error(stderr)
}

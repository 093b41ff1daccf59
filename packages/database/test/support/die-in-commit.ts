// Leaves what a writer leaves that is killed in the middle of COMMIT: some pages of the transaction in the file, and a
// hot journal beside it. Its cache spills, so that the moment can be chosen.
import Libsql from 'libsql'

const libsql = new Libsql(process.argv[2]!)
libsql.exec(
  'PRAGMA journal_mode=PERSIST; PRAGMA cache_size=10; PRAGMA cache_spill=ON; BEGIN IMMEDIATE; UPDATE account SET balance = balance + 1',
)
libsql.exec('CREATE TABLE filler (x)')
libsql.exec(
  'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200) INSERT INTO filler SELECT randomblob(3000) FROM n',
)
process.kill(process.pid, 'SIGKILL')

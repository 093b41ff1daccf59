// Leaves what a writer leaves that is killed in the middle of COMMIT: some of its pages in the file, and a hot journal.
import Libsql from 'libsql'
import { insertOf } from './ledger.js'

const libsql = new Libsql(process.argv[2]!)
libsql.exec('PRAGMA journal_mode=PERSIST; PRAGMA cache_size=5; PRAGMA cache_spill=ON; BEGIN IMMEDIATE')
for (let i = 0; i < 20; i++) libsql.exec(insertOf(`half-${i}`))
process.kill(process.pid, 'SIGKILL')

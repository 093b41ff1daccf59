// Says whether somebody reads or writes the file just now: from outside, since a process does not meet its own locks.
import Libsql from 'libsql'

const libsql = new Libsql(process.argv[2]!)
try {
  libsql.exec('PRAGMA journal_mode=PERSIST; PRAGMA busy_timeout=0; BEGIN IMMEDIATE; ROLLBACK')
  process.stdout.write('free')
} catch {
  process.stdout.write('locked')
}
libsql.close()

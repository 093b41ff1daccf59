// Says whether another process reads the file just now.
import Libsql from 'libsql'

const libsql = new Libsql(process.argv[2]!)
try {
  libsql.exec('PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=PERSIST; PRAGMA locking_mode=NORMAL')
  libsql.exec('PRAGMA busy_timeout=0; BEGIN EXCLUSIVE; ROLLBACK')
  process.stdout.write('free')
} catch {
  process.stdout.write('read')
}
libsql.close()

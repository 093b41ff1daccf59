// Another process that commits at once, and does not wait for a lock: node commit-now.mjs <database>.
import Libsql from 'libsql'

const libsql = new Libsql(process.argv[2])
libsql.exec('PRAGMA journal_mode=PERSIST; PRAGMA busy_timeout=0')
libsql.exec('UPDATE Post SET views = views + 1')
libsql.close()
process.stdout.write('committed')

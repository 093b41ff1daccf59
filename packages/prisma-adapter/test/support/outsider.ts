// A program that knows nothing of leases: runs SQL on a file, says so, and holds its connection until its stdin ends.
import Database from 'libsql'

const [file, sql] = process.argv.slice(2) as [string, string]
const database = new Database(file)
database.exec(sql)
process.stdout.write('done')
// A connection that nobody refers to is closed by the garbage collector, and its locks are gone.
process.stdin.resume().on('end', () => {
  database.close()
  process.exit()
})

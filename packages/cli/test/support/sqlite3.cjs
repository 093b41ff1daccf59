// The little of the sqlite3 shell that docs/operations.md uses, for machines that have none: sqlite3 [-cmd SQL] FILE SQL
const args = process.argv.slice(2)
const first = args[0] === '-cmd' ? args.splice(0, 2)[1] : ''
const [file, sql] = args
const database = new (require('libsql'))(file)
for (const each of [first, sql]) database.exec(each)
database.close()

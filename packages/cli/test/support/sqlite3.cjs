// The little of the sqlite3 shell that the docs use, for machines that have none: sqlite3 [-cmd SQL] FILE SQL, or FILE < SQL
const { readFileSync } = require('node:fs')

const args = process.argv.slice(2)
const first = args[0] === '-cmd' ? args.splice(0, 2)[1] : ''
const [file, sql = readFileSync(0, 'utf8')] = args
const database = new (require('libsql'))(file)
for (const each of [first, sql]) database.exec(each)
database.close()

import { LocalLeaser } from '@sqlite-efs/lease'
import { openDatabase } from '../../src/index.js'

// Opens the database at the path given, writes to it, and closes it, twice.
for (let times = 0; times < 2; times++) {
  const database = openDatabase({ path: process.argv[2]!, leaser: new LocalLeaser() })
  await database.script('CREATE TABLE IF NOT EXISTS t (a)')
  await database.close()
}

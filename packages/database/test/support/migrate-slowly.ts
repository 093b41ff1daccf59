// Deploys a folder of migrations, and says which it is at.

import { LocalLeaser } from '@sqlite-efs/lease'
import { openDatabase } from '../../src/index.js'
import { migrate } from '../../src/migrations.js'

const [, , path, folder] = process.argv
const database = openDatabase({ path: path!, leaser: new LocalLeaser() })
await migrate(database, folder!, { onProgress: ({ type, name }) => process.stdout.write(`${type} ${name}\n`) })
await database.close()

// Another process: runs the script, applies the migrations or restores the file that each line names, and says so.

import { createInterface } from 'node:readline'
import { LocalLeaser } from '@sqlite-efs/lease'
import { openDatabase } from '../../src/index.js'
import { restore } from '../../src/maintenance.js'
import { migrate } from '../../src/migrations.js'

const [path = '', directory = ''] = process.argv.slice(2)
const database = openDatabase({ path, leaser: new LocalLeaser({ directory }) })
for await (const line of createInterface({ input: process.stdin })) {
  const {
    script,
    migrations,
    restore: source,
  } = JSON.parse(line) as { script?: string; migrations?: string; restore?: string }
  if (script !== undefined) await database.script(script)
  if (migrations !== undefined) await migrate(database, migrations)
  if (source !== undefined) await restore(database, source)
  console.log('done')
}

import { spawn } from 'node:child_process'
import { once } from 'node:events'

const PROGRAM = `
const Database = require('libsql')
const [file, sql] = process.argv.slice(1)
const database = new Database(file)
database.exec(sql)
process.stdout.write('done')
process.stdin.resume().on('end', () => process.exit())
`

/** Another process that runs `sql` on the file and keeps its connection, with all its locks, until it is disposed of. */
export async function somebodyElse(file: string, sql: string): Promise<AsyncDisposable> {
  const child = spawn(process.execPath, ['-e', PROGRAM, file, sql], { stdio: ['pipe', 'pipe', 'inherit'] })
  const exited = once(child, 'exit')
  await Promise.race([once(child.stdout, 'data'), exited.then(() => Promise.reject(new Error(`${sql} failed`)))])
  return {
    async [Symbol.asyncDispose]() {
      child.stdin.end()
      await exited
    },
  }
}

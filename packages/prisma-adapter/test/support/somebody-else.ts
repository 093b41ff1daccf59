import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

const PROGRAM = fileURLToPath(new URL('outsider.ts', import.meta.url))

/** Another process that runs `sql` on the file and keeps its connection, with all its locks, until it is disposed of. */
export async function somebodyElse(file: string, sql: string): Promise<AsyncDisposable> {
  const child = spawn(process.execPath, ['--import', 'tsx', PROGRAM, file, sql], { stdio: ['pipe', 'pipe', 'inherit'] })
  const exited = once(child, 'exit')
  await Promise.race([once(child.stdout, 'data'), exited.then(() => Promise.reject(new Error(`${sql} failed`)))])
  return {
    async [Symbol.asyncDispose]() {
      child.stdin.end()
      await exited
    },
  }
}

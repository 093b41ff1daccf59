import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import type { LocalDynamoDB } from '@sqlite-efs/toolkit'

const SERVER = join(import.meta.dirname, 'dynamodb-server.ts')

/** A DynamoDB API with the table `tableName`, in another process. */
export async function startDistantDynamoDB(tableName: string): Promise<Pick<LocalDynamoDB, 'env'> & AsyncDisposable> {
  const child = spawn(process.execPath, ['--conditions=@sqlite-efs/source', '--import', 'tsx', SERVER, tableName], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const closed = once(child, 'close')
  return {
    env: JSON.parse(await text(child.stdout)) as LocalDynamoDB['env'],
    async [Symbol.asyncDispose]() {
      child.stdin.end()
      await closed
    },
  }
}

import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createLeaseTable } from '@sqlite-efs/lease'
import { startDynamoDB } from '@sqlite-efs/toolkit'
import { temporaryFolder } from '@sqlite-efs/toolkit/temporary-folder'
import Database from 'libsql'
import { bundleProgram } from '../bundle.js'
import type { Contestant } from '../worker/contestant.js'
import { type ClientConfig, TABLE } from '../worker/contestants.js'
import type { IncrementResult, IncrementTask } from './increment.js'

/** The adapter's defaults. */
const LEASE = { ttlMs: 6000, maxClockSkewMs: 500 }

export interface RaceResult extends IncrementResult {
  /** What the file says at the end. */
  value: number
  /** What SQLite's integrity_check says at the end. */
  integrity: string
}

/** Lets processes count on one file, all at once, and looks at what became of it. */
export async function race(contestant: Contestant, processes: number, transactions: number): Promise<RaceResult> {
  using folder = temporaryFolder('counting')
  const children: ChildProcess[] = []
  await using dynamodb = await startDynamoDB()
  try {
    await createLeaseTable(dynamodb.config, TABLE)
    const file = join(folder.path, 'counter.db')
    createCounter(file)
    const program = await bundleProgram('counting/increment')
    const config: ClientConfig = { contestant, file, ...LEASE, patience: 'endless', transactionMode: 'immediate' }
    for (let count = 0; count < processes; count++) {
      const env = { ...process.env, ...dynamodb.env }
      children.push(fork(program, { env }))
    }
    await Promise.all(children.map(nextMessage))
    const results = await Promise.all(
      children.map(async (child) => {
        const answer = nextMessage(child)
        child.send({ config, transactions } satisfies IncrementTask)
        return (await answer) as IncrementResult
      }),
    )
    // Prisma's official adapter keeps locks after $disconnect, until its process ends.
    await Promise.all(children.map(end))
    return { ...sum(results), ...readCounter(file) }
  } finally {
    await Promise.all(children.map(end))
  }
}

async function nextMessage(child: ChildProcess): Promise<unknown> {
  const [message] = await Promise.race([
    once(child, 'message'),
    once(child, 'exit').then(([code]) => {
      throw new Error(`a process ended too early, with exit code ${String(code)}`)
    }),
  ])
  return message
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = once(child, 'exit')
  child.kill('SIGKILL')
  await gone
}

function sum(results: readonly IncrementResult[]): IncrementResult {
  const failed: Record<string, number> = {}
  for (const [code, count] of results.flatMap((result) => Object.entries(result.failed))) {
    failed[code] = (failed[code] ?? 0) + count
  }
  return { acknowledged: results.reduce((total, result) => total + result.acknowledged, 0), failed }
}

function createCounter(path: string): void {
  const db = new Database(`file:${path}?vfs=unix`)
  db.exec(
    'CREATE TABLE "Counter" ("id" INTEGER NOT NULL PRIMARY KEY, "value" INTEGER NOT NULL); INSERT INTO "Counter" VALUES (1, 0)',
  )
  db.close()
}

function readCounter(path: string): { value: number; integrity: string } {
  const db = new Database(`file:${path}?vfs=unix`)
  try {
    const { value } = db.prepare('SELECT "value" FROM "Counter"').get() as { value: number }
    const { integrity_check: integrity } = db.prepare('PRAGMA integrity_check').get() as { integrity_check: string }
    return { value, integrity }
  } catch (error) {
    // Without lease and locks the file may be beyond reading.
    return { value: 0, integrity: String(error) }
  } finally {
    db.close()
  }
}

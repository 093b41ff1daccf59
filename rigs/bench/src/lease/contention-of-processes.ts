import { type ChildProcess, fork } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { createLeaseTable } from '@sqlite-efs/lease'
import { startDynamoDB } from '@sqlite-efs/toolkit'
import { bundle } from '@sqlite-efs/toolkit/bundle'
import { messageOf } from '../machine/child-process.js'
import { source } from '../sources.js'
import { allTurns, mean, TABLE, type Turns, type Way } from './contest.js'
import { totalUsage, type Usage } from './usage.js'

/** What a contender is told. */
export interface Order {
  way: Way
  holdMs: number
  forMs: number
}

/** What a contender came to, or all of them. */
export interface Contended extends Turns {
  usage: Usage
  /** The mean of its requests. */
  roundTripMs: number
}

/** The program of a contender, as one module. */
export async function bundleContender(folder: string): Promise<string> {
  const outfile = join(folder, 'contender.mjs')
  await bundle(source('lease/contender.ts'), outfile)
  return outfile
}

/** Processes of this machine that contend for a lease, by way of a DynamoDB API in this one. */
export async function contendInProcesses(program: string, contenders: number, order: Order): Promise<Contended> {
  await using dynamodb = await startDynamoDB()
  await createLeaseTable(dynamodb.config, TABLE)
  using processes = await startProcesses(program, contenders, order, dynamodb.env)
  const all = await processes.go()
  return {
    ...allTurns(all),
    usage: totalUsage(all.map(({ usage }) => usage)),
    roundTripMs: mean(all.map(({ roundTripMs }) => roundTripMs)),
  }
}

/** Contenders that are ready to begin. */
export interface Processes extends Disposable {
  /** Has all begin at once, and brings what came of it; nothing does where they are killed. */
  go(): Promise<Contended[]>
  kill(): void
}

export async function startProcesses(
  program: string,
  contenders: number,
  order: Order,
  dynamodb: Readonly<Record<string, string>>,
): Promise<Processes> {
  const env = { ...process.env, ...dynamodb }
  const children: ChildProcess[] = []
  const kill = () => {
    for (const child of children) child.kill('SIGKILL')
  }
  try {
    // No more at a time than there are cores: fifty that begin together keep one another from being ready.
    while (children.length < contenders) {
      const size = Math.min(availableParallelism(), contenders - children.length)
      const some = Array.from({ length: size }, () => fork(program, [JSON.stringify(order)], { env, execArgv: [] }))
      children.push(...some)
      await Promise.all(some.map(messageOf))
    }
  } catch (error) {
    kill()
    throw error
  }
  return {
    async go() {
      const results = children.map(messageOf) as Promise<Contended>[]
      for (const child of children) child.send('go')
      return Promise.all(results)
    },
    kill,
    [Symbol.dispose]: kill,
  }
}

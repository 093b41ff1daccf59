import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { createLeaseTable } from '@sqlite-efs/lease'
import { startDynamoDB } from '@sqlite-efs/testing'
import { describe, expect, test } from 'vitest'
import { Workbench } from './support/clients.js'

const TABLE = 'app-locks'
const PROGRAM = fileURLToPath(new URL('support/leftovers.ts', import.meta.url))

interface Open {
  files: number
  sockets: number
  /** Timers, requests, and the like. */
  resources: string[]
}

// Which descriptors a process has is not to be had elsewhere.
describe.runIf(existsSync('/proc/self/fd'))('after $disconnect', () => {
  test.each([
    ['no file, socket or timer is left, and the process ends by itself', 'ours'],
    ['the sockets of a DynamoDB client that was given stay its owner’s', 'theirs'],
  ])('%s', async (_, owner) => {
    await using dynamodb = await startDynamoDB()
    await createLeaseTable(dynamodb.config, TABLE)
    await using bench = await new Workbench().migrate()
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['--conditions=@sqlite-efs/source', '--import', 'tsx', PROGRAM, bench.file, TABLE, owner],
      // Killed, and so failed, where something keeps it alive.
      { env: { ...process.env, ...dynamodb.env }, timeout: 30_000 },
    )
    const { before, inUse, after, again } = JSON.parse(stdout) as Record<string, Open>
    expect(inUse!.files).toBeGreaterThan(0)
    expect(inUse!.sockets).toBeGreaterThan(0)
    const left = { ...before!, sockets: owner === 'ours' ? 0 : inUse!.sockets }
    expect(after).toEqual(left)
    expect(again).toEqual(left)
  })
})

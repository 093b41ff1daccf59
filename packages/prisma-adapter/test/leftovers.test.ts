import { execFile } from 'node:child_process'
import { existsSync, rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { createLeaseTable, DynamoDBLeaser } from '@sqlite-efs/lease'
import { startDynamoDB } from '@sqlite-efs/toolkit'
import { bundle } from '@sqlite-efs/toolkit/bundle'
import { beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest'
import { Workbench } from './support/clients.js'
import { UnreliableDynamoDB } from './support/unreliable-dynamodb.js'

const TABLE = 'app-locks'
const PROGRAM = fileURLToPath(new URL(`../temp/leftovers-${process.pid}.mjs`, import.meta.url))

interface Open {
  files: number
  sockets: number
  /** Timers, requests, and the like. */
  resources: string[]
}

// Which descriptors a process has is not to be had elsewhere.
describe.runIf(existsSync('/proc/self/fd'))('after $disconnect', () => {
  // By tsx there would be requests of its own.
  beforeAll(async () => {
    await bundle(new URL('support/leftovers.ts', import.meta.url), PROGRAM)
    return () => rmSync(PROGRAM)
  })

  test.each([
    ['no file, socket or timer is left, and the process ends by itself', 'ours'],
    ['the sockets of a DynamoDB client that was given stay its owner’s', 'theirs'],
  ])('%s', async (_, owner) => {
    await using dynamodb = await startDynamoDB()
    await createLeaseTable(dynamodb.config, TABLE)
    await using bench = await new Workbench().migrate()
    const { stdout } = await promisify(execFile)(
      process.execPath,
      [PROGRAM, bench.file, TABLE, owner],
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

test('after $disconnect in an outage the lease is given back as soon as DynamoDB is there again, and no connection is left', async () => {
  await using dynamodb = await UnreliableDynamoDB.start()
  const { endpoint, region, credentials } = dynamodb.config
  vi.stubEnv('AWS_ENDPOINT_URL_DYNAMODB', endpoint)
  vi.stubEnv('AWS_REGION', region)
  vi.stubEnv('AWS_ACCESS_KEY_ID', credentials.accessKeyId)
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', credentials.secretAccessKey)
  onTestFinished(() => void vi.unstubAllEnvs())
  await createLeaseTable(dynamodb.config, TABLE)
  await using bench = await new Workbench().migrate()
  let heard = () => {}
  const renewed = new Promise<void>((resolve) => {
    heard = resolve
  })
  const onEvent = ({ type }: { type: string }) => {
    if (type === 'renewed') heard()
  }
  const prisma = bench.ours({ lease: { tableName: TABLE }, onEvent })
  await prisma.$transaction(async (tx) => {
    await tx.tag.create({ data: { name: 'a' } })
    // The first one comes at once: until then the lease is only as long as the wait for it may be.
    await renewed
    await dynamodb.become('swallowed')
  })
  await prisma.$disconnect()
  await dynamodb.become('served')
  const client = new DynamoDBClient({ ...dynamodb.config, maxAttempts: 1 })
  const line = new DynamoDBLeaser({ tableName: TABLE, client })
  await vi.waitFor(async () => {
    const { contenders, swept } = await line.inspect(`database#${bench.file}`)
    expect([contenders, swept]).toEqual([[], undefined])
  }, 30_000)
  client.destroy()
  await expect.poll(() => dynamodb.connections()).toBe(0)
})

import { setTimeout as patience } from 'node:timers/promises'
import { DynamoDBLeaser, type LeaseEvent, LocalLeaser } from '@sqlite-efs/lease'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import type { PrismaClient } from './generated/prisma/client.js'
import { Workbench } from './support/clients.js'
import { startDistantDynamoDB } from './support/distant-dynamodb.js'

const TABLE = 'app-locks'
let dynamodb: Awaited<ReturnType<typeof startDistantDynamoDB>>

beforeAll(async () => {
  dynamodb = await startDistantDynamoDB(TABLE)
  for (const [name, value] of Object.entries(dynamodb.env)) vi.stubEnv(name, value)
})

afterEach(() => void vi.useRealTimers())

afterAll(async () => {
  vi.unstubAllEnvs()
  await dynamodb[Symbol.asyncDispose]()
})

/** Every kind of work, each in a turn of the event loop that only real timers can end. */
async function work(prisma: PrismaClient, name: string): Promise<number> {
  await prisma.tag.create({ data: { name } })
  await Promise.all([
    prisma.tag.create({ data: { name: `${name}, at once` } }),
    prisma.$transaction((tx) => tx.tag.create({ data: { name: `${name}, in a transaction` } })),
  ])
  return prisma.tag.count()
}

/** `hangs` long after it would have been done. */
const unlessItHangs = <T>(promise: Promise<T>) => Promise.race([promise, patience(20_000, 'hangs', { ref: false })])

const LINES = { local: 'local', DynamoDB: { tableName: TABLE } } as const

const FAKES: Record<string, NonNullable<Parameters<typeof vi.useFakeTimers>[0]>> = {
  'as they are by default': {},
  'with only the Date': { toFake: ['Date'] },
  'with queueMicrotask too': { toFake: ['setTimeout', 'setImmediate', 'queueMicrotask', 'performance', 'Date'] },
}

describe.each(Object.keys(LINES) as (keyof typeof LINES)[])('under fake timers, with the line on %s', (line) => {
  test.each(Object.entries(FAKES))('reads and writes go on: %s', async (_, fakes) => {
    await using bench = await new Workbench().migrate()
    const events: LeaseEvent[] = []
    const prisma = bench.ours({ lease: LINES[line], onEvent: (event) => void events.push(event as LeaseEvent) })
    vi.useFakeTimers(fakes)
    expect(await unlessItHangs(work(prisma, 'now'))).toBe(3)
    for (const year of [2020, 2040]) {
      vi.setSystemTime(new Date(`${year}-01-01T00:00:00Z`))
      expect(await unlessItHangs(work(prisma, `in ${year}`))).toBeTypeOf('number')
    }
    expect(await unlessItHangs(prisma.$disconnect())).toBeUndefined()
    vi.useRealTimers()
    expect(await work(prisma, 'later')).toBe(12)
    expect(events.map(({ type }) => type)).not.toContain('lost')
    expect(events.map(({ type }) => type)).not.toContain('swept')
  })

  test('a holder says in real time until when it lives: other processes compare that with their own clocks', async () => {
    await using bench = await new Workbench().migrate()
    const realNow = Date.now
    const leaser =
      line === 'local'
        ? new LocalLeaser({ directory: `${bench.file}-lease` })
        : new DynamoDBLeaser({ tableName: TABLE })
    vi.useFakeTimers({ now: new Date('2020-01-01T00:00:00Z') })
    const prisma = bench.ours({ lease: LINES[line] })
    const { contenders } = await prisma.$transaction(async (tx) => {
      await tx.tag.create({ data: { name: 'a' } })
      return leaser.inspect(`database#${bench.file}`)
    })
    const [holder] = contenders
    expect(holder?.aliveUntilMs).toBeGreaterThan(realNow())
    expect(holder?.aliveUntilMs).toBeLessThan(realNow() + 7000)
    await prisma.$disconnect()
  })
})

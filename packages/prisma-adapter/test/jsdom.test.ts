// @vitest-environment jsdom
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { Workbench } from './support/clients.js'
import { startDistantDynamoDB } from './support/distant-dynamodb.js'

const TABLE = 'app-locks'
let dynamodb: Awaited<ReturnType<typeof startDistantDynamoDB>>

beforeAll(async () => {
  dynamodb = await startDistantDynamoDB(TABLE)
  for (const [name, value] of Object.entries(dynamodb.env)) vi.stubEnv(name, value)
})

/** vitest keeps Node's timers in jsdom, and Jest does not: here they are numbers too, as a browser's are. */
beforeEach(() => {
  const timers: NodeJS.Timeout[] = []
  const [set, clear] = [setTimeout, clearTimeout]
  vi.stubGlobal('setTimeout', (callback: () => void, ms?: number) => timers.push(set(callback, ms)) - 1)
  vi.stubGlobal('clearTimeout', (id: number) => clear(timers[id]))
})

afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

afterAll(async () => {
  vi.unstubAllEnvs()
  await dynamodb[Symbol.asyncDispose]()
})

const LINES = { local: 'local', DynamoDB: { tableName: TABLE } } as const

describe.each(Object.keys(LINES) as (keyof typeof LINES)[])('in jsdom, with the line on %s', (line) => {
  test.each(['real', 'fake'])(
    "reads and writes, and gives the lease back: %s timers, which are the browser's",
    async (timers) => {
      await using bench = await new Workbench().migrate()
      const types: string[] = []
      const prisma = bench.ours({ lease: LINES[line], onEvent: ({ type }) => void types.push(type) })
      expect(setTimeout(() => {}, 0)).toBeTypeOf('number')
      if (timers === 'fake') vi.useFakeTimers()
      await prisma.tag.create({ data: { name: 'a' } })
      await prisma.$transaction((tx) => tx.tag.create({ data: { name: 'b' } }))
      expect(await prisma.tag.findMany({ select: { name: true } })).toEqual([{ name: 'a' }, { name: 'b' }])
      await prisma.$disconnect()
      const count = (...wanted: string[]) => types.filter((type) => wanted.includes(type)).length
      expect(count('acquired')).toBeGreaterThan(0)
      expect(count('released', 'yielded')).toBe(count('acquired'))
    },
  )
})

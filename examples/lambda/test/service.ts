import { afterAll, beforeAll } from 'vitest'
import { request } from '../demo/request.js'
import { type Stage, setStage } from '../demo/stage.js'
import { PrismaClient } from '../src/generated/prisma/client.js'
import { createRouter } from '../src/router.js'

/** The service on a stage of its own, for one file of tests. */
export function useService() {
  let stage: Stage
  let prisma: PrismaClient
  beforeAll(async () => {
    stage = await setStage()
    prisma = new PrismaClient({ adapter: stage.adapter() })
  })
  afterAll(async () => {
    await prisma.$disconnect()
    await stage[Symbol.asyncDispose]()
  })
  return {
    get stage() {
      return stage
    },
    get prisma() {
      return prisma
    },
    /** What the service answers. */
    async send(method: string, path: string, body?: unknown) {
      const { statusCode, headers, body: text } = await createRouter(prisma)(request(method, path, body))
      return { status: statusCode, headers, text, body: JSON.parse(text ?? '') as Record<string, unknown> }
    },
    /** A new event with so many free seats. */
    async event(id: string, seats: number, details: unknown = { seatPrice: 4500 }) {
      await prisma.event.create({
        data: {
          id,
          name: `The ${id}`,
          startsAt: new Date('2027-01-01T20:00:00Z'),
          details: JSON.stringify(details),
          seats: { create: Array.from({ length: seats }, (_, index) => ({ number: index + 1 })) },
        },
      })
      return id
    },
  }
}

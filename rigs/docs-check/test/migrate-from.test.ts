import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { PrismaClient } from '../../../examples/lambda/src/generated/prisma/client.js'
import { blocksOf } from '../src/blocks.js'
import { withModule } from '../src/compile.js'
import { TOP } from '../src/pages.js'
import { bookings } from './support/bookings.js'

const path = 'docs/migrate-from.md'
const blocks = blocksOf({ path, text: readFileSync(join(TOP, path), 'utf8') })

test('the script of docs/migrate-from.md copies every row, and says how many', async () => {
  const code = blocks.find((block) => block.code.includes('export async function copy'))?.code ?? ''
  const from = await bookings()
  const to = await bookings()
  const startsAt = new Date('2026-11-25T20:00:00.123Z')
  await from.event.create({
    data: {
      id: 'a',
      name: 'A concert',
      startsAt,
      revenue: 2n ** 60n,
      poster: Buffer.from([0, 1, 255]),
      seats: { create: [{ number: 1 }, { number: 2 }] },
    },
  })
  await from.booking.create({ data: { eventId: 'a', seatNumber: 2, buyer: 'Ada', price: 7n } })

  await withModule(code, async (exported) => {
    const copy = exported['copy'] as (from: PrismaClient, to: PrismaClient) => Promise<number>
    expect(await copy(from, to)).toBe(4)
  })
  const everything = { include: { seats: true, bookings: true } }
  expect(await to.event.findMany(everything)).toEqual(await from.event.findMany(everything))
})

import { open } from 'node:fs/promises'
import Database from 'libsql'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { audit } from '../demo/audit.js'
import { type Stage, seed, setStage } from '../demo/stage.js'

const EVENT = 'opening-night'
const TOLD = [1, 2, 3].map((seat) => ({ id: `booking ${seat}`, seat }))

let stage: Stage
beforeEach(async () => {
  stage = await setStage()
  await seed(stage, { id: EVENT, seats: 5 })
  for (const { id, seat } of TOLD) {
    sql(
      `INSERT INTO "Booking" ("id", "eventId", "seatNumber", "buyer", "price") VALUES ('${id}', '${EVENT}', ${seat}, 'Ada', 10)`,
    )
  }
  sql('UPDATE "Event" SET "revenue" = 30')
})
afterEach(() => stage[Symbol.asyncDispose]())

function sql(text: string): void {
  const db = new Database(stage.path)
  db.exec(text)
  db.close()
}

test('a file that holds what the buyers were told is fine', () => {
  expect(audit(stage.path, EVENT, TOLD)).toEqual({ sold: 3, oversold: 0, lost: 0, problems: [] })
})

test('a booking that is not in the file is lost', () => {
  sql(`DELETE FROM "Booking" WHERE "seatNumber" = 2; UPDATE "Event" SET "revenue" = 20`)
  expect(audit(stage.path, EVENT, TOLD)).toEqual({ sold: 2, oversold: 0, lost: 1, problems: [] })
})

test('a booking that is in the file with another seat is lost', () => {
  sql(`UPDATE "Booking" SET "seatNumber" = 5 WHERE "seatNumber" = 2`)
  expect(audit(stage.path, EVENT, TOLD)).toMatchObject({ sold: 3, lost: 1 })
})

test('a seat that two buyers were told is theirs is oversold', () => {
  expect(audit(stage.path, EVENT, [...TOLD, { id: 'booking 4', seat: 3 }])).toMatchObject({ oversold: 1, lost: 1 })
})

test('a seat with two bookings in the file is oversold', () => {
  sql(`DROP INDEX "Booking_eventId_seatNumber_key"; UPDATE "Booking" SET "seatNumber" = 1`)
  expect(audit(stage.path, EVENT, TOLD)).toMatchObject({ sold: 1, oversold: 2 })
})

test('a booking that nobody was told of is a problem', () => {
  expect(audit(stage.path, EVENT, TOLD.slice(1))).toMatchObject({ problems: ['1 bookings that no buyer was told of'] })
})

test('a revenue that is not the sum of the bookings is a problem', () => {
  sql('UPDATE "Event" SET "revenue" = 20')
  expect(audit(stage.path, EVENT, TOLD)).toMatchObject({
    problems: ["the event's revenue is 20, its bookings add up to 30"],
  })
})

test('a booking of a seat that is not there is a problem', () => {
  sql(`PRAGMA foreign_keys = OFF; DELETE FROM "Seat" WHERE "number" = 3`)
  expect(audit(stage.path, EVENT, TOLD).problems).toEqual([expect.stringContaining('foreign key: {"table":"Booking"')])
})

test('a damaged index is a problem', async () => {
  const db = new Database(stage.path)
  const { rootpage } = db
    .prepare(`SELECT "rootpage" FROM "sqlite_schema" WHERE "name" = 'Booking_eventId_seatNumber_key'`)
    .get() as { rootpage: number }
  const { page_size: pageSize } = db.prepare('PRAGMA page_size').get() as { page_size: number }
  db.close()
  const file = await open(stage.path, 'r+')
  await file.write(Buffer.alloc(64, 0x2a), 0, 64, rootpage * pageSize - 64)
  await file.close()
  expect(audit(stage.path, EVENT, TOLD).problems).not.toEqual([])
})

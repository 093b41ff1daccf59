import { describe, expect, test } from 'vitest'
import { race } from '../src/counting/race.js'

const PROCESSES = 6
const TRANSACTIONS = 200
const ALL = PROCESSES * TRANSACTIONS

const NOTHING_LOST = { acknowledged: ALL, failed: {}, value: ALL, integrity: 'ok' }

describe(`${PROCESSES} processes with ${TRANSACTIONS} read-modify-write transactions each, on one file`, () => {
  test('lose nothing, and none fails', async () => {
    expect(await race('lease', PROCESSES, TRANSACTIONS)).toEqual(NOTHING_LOST)
  })

  test('lose nothing, and none fails, with the lease alone: SQLite takes no locks', async () => {
    expect(await race('lease-without-file-locks', PROCESSES, TRANSACTIONS)).toEqual(NOTHING_LOST)
  })

  test('lose updates without the lease and without the locks, so that the two tests before mean something', async () => {
    const { acknowledged, value } = await race('nothing', PROCESSES, TRANSACTIONS)
    expect(value).toBeLessThan(acknowledged)
  })

  test('lose updates, or the whole file, with the official adapter where SQLite takes no locks', async () => {
    const { acknowledged, value, integrity } = await race('official-without-file-locks', PROCESSES, TRANSACTIONS)
    expect(integrity !== 'ok' || value < acknowledged).toBe(true)
  })

  test('fail by the hundreds with the official adapter', async () => {
    const { acknowledged, failed } = await race('official', PROCESSES, TRANSACTIONS)
    expect(acknowledged).toBeLessThan(ALL / 2)
    expect(failed).toHaveProperty('P1008')
  })
})

import { readFileSync } from 'node:fs'
import type Libsql from 'libsql'
import { describe, expect, it } from 'vitest'
import type { Database } from '../../src/index.js'
import { replicatedBank, SUM, stranger } from '../support/replica.js'
import { rows } from '../support/scratch.js'

const seeded = (seed: number) => {
  let state = seed
  return (below: number) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

/** All that is in the tables, as one text. */
const CONTENT = `SELECT (SELECT group_concat(id || ':' || length(v) || ':' || substr(hex(v), 1, 40), ',') FROM (SELECT * FROM item ORDER BY id)),
  (SELECT count(*) FROM item INDEXED BY item_v WHERE v > '')`

/** Changes rows at random: pages are added, freed and used again. */
function changeAtRandom(below: (limit: number) => number): string {
  const id = 1 + below(60)
  const bytes = 1 + below(9_000)
  return (
    [
      `INSERT INTO item (v) VALUES (randomblob(${bytes}))`,
      `UPDATE item SET v = randomblob(${bytes}) WHERE id = ${id}`,
      `DELETE FROM item WHERE id BETWEEN ${id} AND ${id + below(12)}`,
      `INSERT INTO item (v) SELECT randomblob(${bytes}) FROM account, account`,
    ][below(4)] ?? ''
  )
}

const ITEMS = 'CREATE TABLE item (id INTEGER PRIMARY KEY, v); CREATE INDEX item_v ON item (v)'

async function expectTrue(bank: Database, other: Libsql.Database): Promise<void> {
  const [mine] = await rows(bank, CONTENT)
  // Read to its end: a statement that is not keeps its lock.
  const [theirs] = other.prepare(CONTENT).raw().safeIntegers().all([])
  expect(mine).toEqual(theirs)
  // SQLite's own judgement of the copy: a page that was missed shows as a malformed one.
  expect((await rows(bank, 'SELECT count(*) FROM item WHERE v IS NOT NULL')).length).toBe(1)
}

describe('a replica of a file that is changed at random', () => {
  it.each([1, 2, 3, 4])('shows what the file holds after each commit of another program (seed %i)', async (seed) => {
    const below = seeded(seed)
    const { bank, path, told } = await replicatedBank()
    await bank.script(ITEMS)
    const other = stranger(path)
    for (let commits = 0; commits < 60; commits++) {
      other.exec(`BEGIN IMMEDIATE; ${Array.from({ length: 1 + below(4) }, () => changeAtRandom(below)).join('; ')}`)
      other.exec(below(6) === 0 ? 'ROLLBACK' : 'COMMIT')
      await expectTrue(bank, other)
    }
    expect(told().filter((it) => it === 'delta after commit').length).toBeGreaterThan(30)
  })

  it.each([5, 6, 7, 8])('shows what the file holds after each commit of this process (seed %i)', async (seed) => {
    const below = seeded(seed)
    const { bank, path, told } = await replicatedBank()
    await bank.script(ITEMS)
    const other = stranger(path)
    for (let commits = 0; commits < 60; commits++) {
      const transaction = await bank.transaction()
      for (let n = 0; n <= below(4); n++) await transaction.execute(changeAtRandom(below))
      await (below(6) === 0 ? transaction.rollback() : transaction.commit())
      await expectTrue(bank, other)
    }
    expect(told().filter((it) => it === 'own after commit').length).toBeGreaterThan(30)
  })
})

describe('a replica of a file', () => {
  it('does not take the journal of a transaction that was rolled back for that of the commit before', async () => {
    const { bank, path, told } = await replicatedBank()
    const other = stranger(path)
    other.exec("CREATE TABLE a (v); CREATE TABLE b (v); INSERT INTO a VALUES ('old'); INSERT INTO b VALUES ('old')")
    for (let n = 0; n < 3; n++) await rows(bank, 'SELECT v FROM a')
    told()
    other.exec("UPDATE a SET v = 'new'")
    // It journals page 1 and the page of b.
    other.exec("BEGIN IMMEDIATE; PRAGMA user_version = 7; UPDATE b SET v = 'never'; ROLLBACK")
    expect(await rows(bank, 'SELECT v FROM a')).toEqual([['new']])
    expect(told()).toEqual(['read by lock'])
  })

  it('copies a page that was free and is used again, which no journal names', async () => {
    const { bank, path, told } = await replicatedBank()
    const other = stranger(path)
    other.exec('CREATE TABLE a (v); INSERT INTO a SELECT randomblob(30000)')
    other.exec('DELETE FROM a')
    for (let n = 0; n < 3; n++) await rows(bank, 'SELECT v FROM a')
    told()
    other.exec("INSERT INTO a VALUES (printf('%.20000c', 'x'))")
    expect(await rows(bank, "SELECT v = printf('%.20000c', 'x') FROM a")).toEqual([[1n]])
    expect(told()).toEqual(['delta after commit', 'read by lock'])
  })

  it('does not read which pages a transaction changed that wrote some before COMMIT', async () => {
    const { bank, path, told } = await replicatedBank()
    const other = stranger(path)
    other.exec(
      'CREATE TABLE a (v); INSERT INTO a SELECT randomblob(3500) FROM account, account, account, account, account',
    )
    for (let n = 0; n < 3; n++) await rows(bank, SUM)
    told()
    // Page 1 is journaled first, so that the first header's records begin as those of a whole journal do.
    other.exec(
      'PRAGMA cache_size = 2; PRAGMA cache_spill = 1; BEGIN IMMEDIATE; PRAGMA user_version = 9; UPDATE a SET v = randomblob(3500); UPDATE account SET balance = 7; COMMIT',
    )
    expect(await rows(bank, SUM)).toEqual([[14n]])
    expect(told()).toEqual(['read by lock'])
  })

  it('leaves a file that COMMIT itself vacuums to the next read', async () => {
    const { bank, path, told } = await replicatedBank()
    const other = stranger(path)
    other.exec('PRAGMA auto_vacuum = FULL; VACUUM; CREATE TABLE a (v); INSERT INTO a SELECT randomblob(30000)')
    for (let n = 0; n < 3; n++) await rows(bank, SUM)
    told()
    await bank.execute('DELETE FROM a')
    expect(await rows(bank, 'SELECT count(*), sum(balance) FROM a, account')).toEqual([[0n, null]])
    expect(await rows(bank, SUM)).toEqual([[200n]])
    expect(told()).not.toContain('own after commit')
    expect(readFileSync(path).readUInt32BE(52)).not.toBe(0)
  })
})

import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { LocalLeaser } from '@sqlite-efs/lease'
import { describe, expect, it, vi } from 'vitest'
import { Connection } from '../src/engine/connection.js'
import type { Database, SqlValue } from '../src/index.js'
import { KindCache } from '../src/sql/kind-cache.js'
import { TextCache } from '../src/sql/text-cache.js'
import { nextTick, openBank, rows } from './support/scratch.js'

const cacheOf = (maxBytes: number) =>
  new TextCache<number>({ maxBytes, maxEntryBytes: 100, bytesOf: (text) => text.length })

describe('what is kept by the text of a statement', () => {
  it('costs no more than its limit, and what was not used goes before what was', () => {
    const cache = cacheOf(1_600)
    for (let i = 0; i < 16; i++) cache.set(String(i).padStart(100, ' '), i)
    expect([cache.bytes, cache.size]).toEqual([1_600, 16])
    expect(cache.get('0'.padStart(100, ' '))).toBe(0)
    cache.set('16'.padStart(100, ' '), 16)
    expect([cache.bytes, cache.size]).toEqual([1_600, 16])
    expect(cache.get('0'.padStart(100, ' '))).toBe(0)
    expect(cache.get('1'.padStart(100, ' '))).toBeUndefined()
  })

  it('is not driven out by a text that takes more than its share', () => {
    const cache = cacheOf(1_600)
    cache.set('short', 1)
    cache.set('x'.repeat(101), 2)
    expect(cache.get('x'.repeat(101))).toBeUndefined()
    expect([cache.get('short'), cache.bytes]).toEqual([1, 5])
  })

  it('has no more entries than its limit', () => {
    const cache = new TextCache<number>({ maxBytes: 1_600, maxEntryBytes: 1, maxEntries: 2, bytesOf: () => 1 })
    for (const text of ['a', 'b', 'c']) cache.set(text, 0)
    expect([cache.size, cache.get('a')]).toEqual([2, undefined])
  })

  it('is counted once where it is set again, and not at all where it was dropped', () => {
    const cache = cacheOf(1_600)
    for (let i = 0; i < 100; i++) cache.set('again', i)
    cache.set('other', 0)
    expect([cache.get('again'), cache.bytes]).toEqual([99, 10])
    cache.retain((text) => text === 'other')
    expect([cache.get('again'), cache.bytes, cache.size]).toEqual([undefined, 5, 1])
    cache.delete('other')
    expect([cache.bytes, cache.size]).toEqual([0, 0])
  })

  it('goes after one more round where it was used once, and not again', () => {
    const cache = new TextCache<number>({ maxBytes: 1_600, maxEntryBytes: 1, maxEntries: 2, bytesOf: () => 1 })
    const kept = () => ['a', 'b', 'c', 'd', 'e'].filter((text) => cache.get(text) !== undefined)
    cache.set('a', 0)
    cache.set('b', 0)
    cache.get('a')
    for (const text of ['c', 'd', 'e']) cache.set(text, 0)
    expect(kept()).toEqual(['d', 'e'])
  })

  it('is told of, with what it cost, where there is no room for it, or no more', () => {
    const left: number[] = []
    const cache = new TextCache<number>({
      maxBytes: 10,
      maxEntryBytes: 6,
      bytesOf: (text) => text.length,
      onLeft: (bytes) => left.push(bytes),
    })
    cache.set('seven..', 0)
    expect(left).toEqual([7])
    cache.set('six...', 0)
    cache.set('four', 0)
    expect(left).toEqual([7])
    cache.set('1', 0)
    expect(left).toEqual([7, 6])
    cache.delete('four')
    expect([left, cache.bytes]).toEqual([[7, 6], 1])
  })

  it('is gone when all is, and what comes then has all the room', () => {
    const cache = cacheOf(100)
    cache.set('x'.repeat(100), 1)
    cache.clear()
    expect([cache.bytes, cache.size, cache.get('x'.repeat(100))]).toEqual([0, 0, undefined])
    cache.set('y'.repeat(100), 2)
    expect([cache.bytes, cache.get('y'.repeat(100))]).toEqual([100, 2])
  })
})

describe('a program with a new text for each statement', () => {
  it('makes the kinds of statements known take no more than 4 MiB', () => {
    const kindCache = new KindCache()
    for (let i = 0; i < 500; i++) {
      for (const place of ['alone', 'transaction'] as const) {
        kindCache.of(`SELECT ${i} -- ${'x'.repeat(20 * i)}`, place, () => 'read')
      }
    }
    expect(kindCache.bytes).toBeGreaterThan(2 ** 20)
    expect(kindCache.bytes).toBeLessThanOrEqual(4 * 2 ** 20)
  })

  it('has SQLite list its statements for none of them but WITH: it lists what waits to be collected, too', async () => {
    const bank = await openBank()
    const run = vi.spyOn(Connection.prototype, 'run')
    const isListed = async (sql: string) => {
      run.mockClear()
      await bank.execute(sql)
      return run.mock.calls.some(([text]) => text.includes('sqlite_stmt'))
    }
    expect(await isListed('SELECT 1 FROM account')).toBe(false)
    expect(await isListed('VALUES (1)')).toBe(false)
    expect(await isListed('INSERT INTO account VALUES (3, 1) RETURNING id')).toBe(false)
    expect(await isListed('REPLACE INTO account VALUES (3, 2)')).toBe(false)
    expect(await isListed('UPDATE account SET balance = 3')).toBe(false)
    expect(await isListed('DELETE FROM account WHERE id = 3')).toBe(false)
    expect(await isListed('WITH a AS (SELECT 1) SELECT * FROM a')).toBe(true)
    run.mockRestore()
  })

  // What SQLite itself says that statements take: https://www.sqlite.org/stmt.html
  const memory = async (runner: Pick<Database, 'execute'>) => {
    collectGarbage()
    for (let i = 0; i < 3; i++) await nextTick()
    const [[bytes, statements] = []] = await rows(runner, 'SELECT sum(mem), count(*) FROM sqlite_stmt')
    return { bytes: Number(bytes), statements: Number(statements) }
  }
  const list = (length: number): [string, SqlValue[]] => [
    '?'.repeat(length).split('').join(', '),
    Array.from({ length }, (_, i) => BigInt(i)),
  ]

  it.each([
    ['short', 600, 20],
    ['long', 60, 2_000],
    ['very long', 20, 20_000],
  ])('makes its prepared statements take no more than 16 MiB on each connection: %s', async (_, count, length) => {
    const bank = await openBank({ leaser: new LocalLeaser({ ttlMs: 120_000 }) })
    const texts = Array.from({ length: count }, (_, i) => list(length + i))
    const queries = texts.map(([marks, values], i): [string, SqlValue[]] => [
      `SELECT count(*) FROM account WHERE id IN (${marks}) -- ${i}\n AND balance >= 0`,
      values,
    ])
    for (const [sql, values] of queries) await bank.execute(sql, values)
    expect((await memory(bank)).bytes).toBeLessThan(16 * 2 ** 20)
    const transaction = await bank.transaction()
    for (const [sql, values] of queries) await transaction.execute(sql, values)
    expect((await memory(transaction)).bytes).toBeLessThan(16 * 2 ** 20)
    await transaction.rollback()
  })

  it('has statements collected that are not kept before they take 128 MiB, though V8 sees no need to', async () => {
    const bank = await openBank()
    let most = 0n
    for (let i = 0; i < 700; i++) {
      const [marks, values] = list(1_500)
      await bank.execute(`SELECT ${i} FROM account WHERE id IN (${marks})`, values)
      await nextTick()
      if (i % 50 !== 0) continue
      const [[bytes] = []] = await rows(bank, 'SELECT sum(mem) FROM sqlite_stmt')
      if ((bytes as bigint) > most) most = bytes as bigint
    }
    expect(Number(most)).toBeLessThan(128 * 2 ** 20)
  })

  it('keeps those prepared that are used again and again', async () => {
    const bank = await openBank({ leaser: new LocalLeaser({ ttlMs: 120_000 }) })
    const transaction = await bank.transaction()
    const hot = 'SELECT balance FROM account WHERE id = ?'
    for (let i = 0; i < 400; i++) {
      await transaction.execute(`SELECT ${i}${' + 1'.repeat(100)}`)
      await transaction.execute(hot, [1n])
    }
    // How often the one that is kept has run.
    const [[runs] = []] = await rows(transaction, `SELECT max(run) FROM sqlite_stmt WHERE sql = '${hot}'`)
    expect(runs).toBe(400n)
    await transaction.rollback()
  })

  it('keeps no more than 16 MiB of values that statements were given last', async () => {
    const bank = await openBank({ leaser: new LocalLeaser({ ttlMs: 120_000 }) })
    await bank.execute('CREATE TABLE file (id INTEGER PRIMARY KEY, content)')
    const transaction = await bank.transaction()
    const before = await memory(transaction)
    for (let i = 0; i < 20; i++) {
      await transaction.execute(`INSERT INTO file (content) VALUES (?) -- ${i}`, [new Uint8Array(2 ** 20)])
      await transaction.execute(`INSERT INTO file (content) VALUES (?) /* ${i} */ RETURNING id`, ['x'.repeat(2 ** 20)])
    }
    // Sixteen such values are 16 MiB.
    expect((await memory(transaction)).statements - before.statements).toBeLessThan(20)
    await transaction.execute(`INSERT INTO file (content) VALUES (?) -- 0`, [new Uint8Array(9 * 2 ** 20)])
    await transaction.rollback()
  })
})

/** Node's own, which is hidden without a flag. */
function collectGarbage(): void {
  setFlagsFromString('--expose-gc')
  ;(runInNewContext('gc') as () => void)()
}

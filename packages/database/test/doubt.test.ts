import { readFileSync, writeFileSync } from 'node:fs'
import { systemClock } from '@sqlite-efs/lease/internal'
import { describe, expect, it } from 'vitest'
import { Connection } from '../src/engine/connection.js'
import { FreezeDetector } from '../src/file/freeze-detector.js'
import { LastingReaders } from '../src/read/lasting-readers.js'
import { mergePragmas } from '../src/sql/pragmas.js'
import { open, openBank, rows, scratchPath } from './support/scratch.js'

const SUM = 'SELECT sum(balance) FROM account'
const PAGE = 4_096

/** A bank with a second table, whose pages are no pages any more; and what they were. */
async function damagedBank() {
  const path = scratchPath()
  const bank = await openBank({}, path)
  await bank.script(`CREATE TABLE letter (id INTEGER PRIMARY KEY, body TEXT);
    WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100)
    INSERT INTO letter SELECT i, printf('%.*c', 400, 'x') FROM n`)
  const [[root]] = (await rows(bank, `SELECT rootpage FROM sqlite_schema WHERE name = 'letter'`)) as [[bigint]]
  await bank.close()
  const good = readFileSync(path)
  const bad = Buffer.from(good)
  bad.fill(0xee, (Number(root) - 1) * PAGE, Number(root) * PAGE)
  writeFileSync(path, bad)
  return { path, mend: () => writeFileSync(path, good) }
}

const LETTERS = 'SELECT count(body) FROM letter'

describe('a malformed page', () => {
  it('is told with the file, and the ways out: again, a check, a snapshot', async () => {
    const { path } = await damagedBank()
    const bank = open(path)
    await expect(bank.execute(LETTERS)).rejects.toMatchObject({
      code: 'SQLITE',
      message: expect.stringMatching(
        /^database disk image is malformed: .*app\.db\..*try again.*sqlite-efs check.*snapshot/,
      ) as string,
      details: { path, sqliteMessage: 'database disk image is malformed' },
    })
  })

  it('keeps what else is in the transaction from being committed, and says that nothing was written', async () => {
    const { path, mend } = await damagedBank()
    const bank = open(path)
    const transaction = await bank.transaction()
    await transaction.execute('UPDATE account SET balance = 1')
    await expect(transaction.execute(LETTERS)).rejects.toMatchObject({ code: 'SQLITE' })
    await expect(transaction.commit()).rejects.toMatchObject({
      code: 'SQLITE',
      message: expect.stringMatching(/rolled back, and nothing was written; run it again.*malformed/) as string,
    })
    expect(await rows(bank, SUM)).toEqual([[200n]])
    mend()
    await bank.execute('UPDATE account SET balance = 2')
    expect(await rows(bank, SUM)).toEqual([[4n]])
  })

  it('that was only misread is read by a deferred transaction on a new connection, in the same state', async () => {
    const { path, mend } = await damagedBank()
    const bank = open(path)
    const transaction = await bank.transaction({ mode: 'deferred' })
    expect((await transaction.execute(SUM)).rows).toEqual([[200n]])
    await expect(transaction.execute(LETTERS)).rejects.toMatchObject({ code: 'SQLITE' })
    mend()
    expect((await transaction.execute(LETTERS)).rows).toEqual([[100n]])
    await transaction.execute('UPDATE account SET balance = 3')
    await transaction.commit()
    expect(await rows(bank, SUM)).toEqual([[6n]])
  })
})

describe('a connection that met a malformed page', () => {
  it('is not kept for the next read', async () => {
    const { path } = await damagedBank()
    const opened: Connection[] = []
    const pool = new LastingReaders({
      clock: systemClock,
      open: () => {
        const connection = new Connection({ path, mode: 'read-only', pragmas: mergePragmas() })
        opened.push(connection)
        return connection
      },
      lockWait: () => ({
        path,
        clock: systemClock,
        random: Math.random,
        timeoutMs: 1_000,
        onTimeout: () => 'too long',
      }),
      freeze: new FreezeDetector(systemClock),
    })
    const first = await pool.begin(1_000)
    expect(() => first.run(LETTERS)).toThrow('malformed')
    pool.end(first)
    pool.giveBack(first)
    const second = await pool.begin(1_000)
    expect(opened).toEqual([first, second])
    pool.throwAway(second)
  })

  it('is not kept where its error was met by its user for another purpose, and not told', async () => {
    const { path } = await damagedBank()
    const connection = new Connection({ path, mode: 'read-only', pragmas: mergePragmas() })
    expect(connection.doubt).toBeUndefined()
    expect(() => connection.value(LETTERS)).toThrow('malformed')
    expect(connection.doubt).toMatchObject({ details: { path, extendedCode: 11 } })
    connection.close()
  })

  it('is not kept either where SQLite opened the file for reading only, and took no write lock', async () => {
    const path = scratchPath()
    await openBank({}, path)
    const connection = new Connection({ path, mode: 'read-write', immutable: true, pragmas: mergePragmas() })
    // So that the next line means something.
    connection.exec('BEGIN IMMEDIATE')
    expect(() => connection.mustBeWritable()).toThrow(/can't be opened or written/)
    expect(connection.doubt).toMatchObject({ code: 'CONFIGURATION' })
    connection.close()
  })
})

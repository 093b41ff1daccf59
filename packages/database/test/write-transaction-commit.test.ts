import { LeaseError } from '@sqlite-efs/lease'
import { describe, expect, it } from 'vitest'
import { FENCE_MARK } from '../src/file/fence.js'
import { nextTick } from './support/scratch.js'
import { insert, LOCK_WAIT_MS, sqliteError, withOneRow, writerOfFile } from './support/writer.js'

const IOERR = 10

describe('a commit', () => {
  it('stores the ticket, and reports what was written and how long it took', async () => {
    const { commit, clock, path, lease, other, entries, events, transaction, isLocked } = await withOneRow()
    insert(transaction, 2)
    clock.advance(30)
    await commit()
    expect(entries()).toEqual([1, 2])
    expect(isLocked()).toBe(false)
    expect(other.prepare('PRAGMA user_version').raw().all([])).toEqual([[lease.token]])
    expect(other.prepare('PRAGMA application_id').raw().all([])).toEqual([[FENCE_MARK]])
    const fileBytes = 2 * 4_096
    const times = { waitedMs: 7, openMs: 30, commitMs: 0 }
    expect(events).toEqual([{ type: 'commit', path, token: lease.token, statements: 2, rows: 2, fileBytes, ...times }])
  })

  it('stores no ticket where there is no fence', async () => {
    const { commit, other, entries } = await withOneRow({ fencing: 'off' })
    await commit()
    expect(entries()).toEqual([1])
    expect(other.prepare('PRAGMA application_id').raw().all([])).toEqual([[0]])
  })

  it('of nothing writes nothing, and gives the write lock back', async () => {
    const { begin, isLocked, opened, events, tracer } = await writerOfFile()
    const transaction = await begin()
    transaction.run('  DELETE FROM entry', [], 'write')
    expect(transaction.hasChanges).toBe(false)
    await transaction.commit({ trace: { name: 'alice' } })
    expect(tracer.spans).toEqual([])
    expect(opened[0]?.statements).not.toContain('COMMIT')
    expect(events).toEqual([])
    expect(isLocked()).toBe(false)
  })

  it.each([
    'CREATE INDEX by_number ON entry (n)',
    // Has the word of a statement that counts its rows.
    'CREATE TRIGGER late AFTER INSERT ON entry BEGIN DELETE FROM entry; END',
  ])('of a definition keeps it, though it counts no rows: %s', async (definition) => {
    const { begin, definitions } = await writerOfFile()
    const transaction = await begin({ mayOnlyRead: true })
    transaction.run(definition, [], 'write')
    transaction.run('DELETE FROM entry', [], 'write')
    await transaction.commit()
    expect(definitions()).toContain(definition)
  })

  it('in the background keeps what was run in the background, a definition too', async () => {
    const { begin, entries, events, definitions, opened } = await writerOfFile()
    const first = await begin({ mayOnlyRead: true })
    await first.execInBackground('PRAGMA page_count')
    await first.execInBackground('INSERT INTO entry VALUES (1), (2)')
    await first.commit({ inBackground: true })
    expect(entries()).toEqual([1, 2])
    const second = await begin()
    await second.execInBackground('CREATE TABLE late (n)')
    await second.commit({ inBackground: true })
    expect(definitions()).toContain('CREATE TABLE late (n)')
    // What is run in the background is not seen here.
    expect(opened[0]?.statements).not.toContain('COMMIT')
    // Each has the rows of its own.
    expect(events).toMatchObject([
      { type: 'commit', statements: 2, rows: 2 },
      { type: 'commit', statements: 1, rows: 0 },
    ])
  })

  it('of a connection that is in doubt is refused, and the connection thrown away', async () => {
    const { commit, opened, entries, isLocked, transaction, connection } = await withOneRow()
    opened[0]!.doubts = sqliteError(IOERR)
    expect(transaction.isDoubtful).toBe(true)
    await expect(commit()).rejects.toMatchObject({ code: 'SQLITE' })
    expect(connection.isOpen).toBe(false)
    expect(entries()).toEqual([])
    expect(isLocked()).toBe(false)
  })
})

describe('a commit that waits for the readers of its own process', () => {
  it('gives up when its time is over: the file is free, and new readers may begin', async () => {
    const { commit, readers, entries, transaction, path } = await withOneRow()
    const reader = await readers.begin(LOCK_WAIT_MS)
    await expect(commit()).rejects.toMatchObject({ code: 'BUSY', details: { path, option: 'transactionMode' } })
    expect(transaction.isOpen).toBe(false)
    readers.throwAway(reader)
    readers.throwAway(await readers.begin(LOCK_WAIT_MS))
    expect(entries()).toEqual([])
  })

  it('lets no new one begin meanwhile, and asks the guard again when the last one has ended', async () => {
    const { transaction, lease, readers, passUntil, entries } = await withOneRow()
    const reader = await readers.begin(LOCK_WAIT_MS)
    const committed = transaction.commit()
    committed.catch(() => {})
    await nextTick()
    const late = readers.begin(LOCK_WAIT_MS)
    await nextTick()
    lease.remainingMs = () => 0
    lease.renew = () => Promise.reject(new LeaseError('LEASE_LOST', 'swept'))
    readers.throwAway(reader)
    await expect(passUntil(committed)).rejects.toMatchObject({ code: 'WRITE_CONFLICT' })
    readers.throwAway(await passUntil(late))
    expect(entries()).toEqual([])
  })
})

describe('the span', () => {
  it('of a commit is under the first one that is traced, with links to the others, and says what was written', async () => {
    const { begin, tracer, lease } = await writerOfFile()
    const transaction = await begin({ traces: ['alice', 'bob', 'carol'], waitedMs: 7.4 })
    insert(transaction, 1)
    await transaction.commit()
    const attributes = { 'sqlite_efs.token': lease.token, 'sqlite_efs.waited_ms': 7 }
    const size = { 'sqlite_efs.statements': 1, 'sqlite_efs.rows': 1 }
    expect(tracer.spans).toEqual([
      { name: 'begin', parent: 'alice', links: [], attributes },
      { name: 'commit', parent: 'alice', links: ['bob', 'carol'], attributes: { ...attributes, ...size } },
    ])
  })

  it('of a commit is under its caller, and there is none where nobody is traced', async () => {
    const { begin, tracer, opened } = await writerOfFile()
    for (const [n, inBackground, trace] of [
      [1, true, undefined],
      [2, false, { name: 'alice' }],
      [3, true, { name: 'bob' }],
    ] as const) {
      const transaction = await begin()
      insert(transaction, n)
      await transaction.commit({ inBackground, trace })
    }
    expect(tracer.spans).toMatchObject([
      { name: 'commit', parent: 'alice', links: [] },
      { name: 'commit', parent: 'bob', links: [] },
    ])
    // What is run in the background is not seen here.
    expect(opened[0]?.statements.filter((sql) => sql === 'COMMIT')).toHaveLength(1)
  })
})

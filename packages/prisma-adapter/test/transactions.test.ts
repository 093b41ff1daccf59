import { describe, expect, test } from 'vitest'
import { PrismaSqliteEfs } from '../src/index.js'
import { Prisma, type PrismaClient } from './generated/prisma/client.js'
import { Workbench } from './support/clients.js'

const workbench = () => new Workbench().migrate()
const tags = async (prisma: PrismaClient) =>
  (await prisma.tag.findMany({ orderBy: { name: 'asc' } })).map(({ name }) => name)
const create = (prisma: Prisma.TransactionClient, name: string) => prisma.tag.create({ data: { name } })

/** A door that somebody opens later. */
function door(): { opened: Promise<void>; open: () => void } {
  let open = () => {}
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  return { opened, open }
}

describe.each(['immediate', 'deferred'] as const)('transactionMode %s', (transactionMode) => {
  test('commits what was written, and shows it to itself before', async () => {
    await using bench = await workbench()
    const prisma = bench.ours({ transactionMode })
    await prisma.$transaction(async (transaction) => {
      await create(transaction, 'a')
      expect(await transaction.tag.count()).toBe(1)
      expect(await prisma.tag.count()).toBe(0)
    })
    expect(await tags(prisma)).toEqual(['a'])
  })

  test('leaves nothing of what is rolled back', async () => {
    await using bench = await workbench()
    const prisma = bench.ours({ transactionMode })
    const failed = prisma.$transaction(async (transaction) => {
      await create(transaction, 'a')
      throw new Error('no')
    })
    await expect(failed).rejects.toThrow('no')
    expect(await tags(prisma)).toEqual([])
  })

  test('may only read', async () => {
    await using bench = await workbench()
    const prisma = bench.ours({ transactionMode })
    await create(prisma, 'a')
    expect(await prisma.$transaction((transaction) => transaction.tag.count())).toBe(1)
    expect(await prisma.$transaction([prisma.tag.count(), prisma.tag.findMany()])).toEqual([1, [{ name: 'a' }]])
  })

  test('a violation in the middle can be caught, and the rest is committed', async () => {
    await using bench = await workbench()
    const prisma = bench.ours({ transactionMode })
    await prisma.$transaction(async (transaction) => {
      await create(transaction, 'a')
      await expect(create(transaction, 'a')).rejects.toMatchObject({ code: 'P2002' })
      await create(transaction, 'b')
    })
    expect(await tags(prisma)).toEqual(['a', 'b'])
  })

  test('savepoints: an inner transaction rolls back alone', async () => {
    await using bench = await workbench()
    const prisma = bench.ours({ transactionMode })
    await prisma.$transaction(async (outer) => {
      await create(outer, 'outer')
      const failed = outer.$transaction(async (inner) => {
        await create(inner, 'inner')
        await inner.$transaction((innermost) => create(innermost, 'innermost'))
        throw new Error('no')
      })
      await expect(failed).rejects.toThrow('no')
      await outer.$transaction((inner) => create(inner, 'second'))
    })
    expect(await tags(prisma)).toEqual(['outer', 'second'])
  })

  test('many at once all come through, one after the other', async () => {
    await using bench = await workbench()
    const prisma = bench.ours({ transactionMode })
    const { id } = await prisma.scalars.create({ data: { int: 0 } })
    const increment = () =>
      prisma.$transaction(async (transaction) => {
        const { int } = await transaction.scalars.findUniqueOrThrow({ where: { id } })
        await transaction.scalars.update({ where: { id }, data: { int: (int ?? 0) + 1 } })
      })
    const outcomes = await Promise.allSettled(Array.from({ length: 20 }, increment))
    const committed = outcomes.filter(({ status }) => status === 'fulfilled').length
    const codes = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason.code] : []))
    // A deferred transaction whose read is out of date by its first write has to be tried again, by its caller.
    expect(new Set(codes)).toEqual(new Set(transactionMode === 'immediate' ? [] : codes.length > 0 ? ['P2034'] : []))
    expect(await prisma.scalars.findUnique({ where: { id }, select: { int: true } })).toEqual({ int: committed })
    expect(committed).toBeGreaterThan(0)
  })
})

test('a deferred transaction whose read is out of date is told so at its first write', async () => {
  await using bench = await workbench()
  const prisma = bench.ours({ transactionMode: 'deferred' })
  const other = bench.ours({ transactionMode: 'deferred' })
  let before: Promise<unknown> = Promise.resolve()
  const failed = prisma.$transaction(async (transaction) => {
    expect(await transaction.tag.count()).toBe(0)
    // In line before the transaction's own write; its commit waits until the transaction has let go of what it read.
    before = create(other, 'other').then(() => undefined)
    await new Promise((resolve) => setImmediate(resolve))
    await create(transaction, 'late')
  })
  await expect(failed).rejects.toMatchObject({ code: 'P2034' })
  await before
  expect(await tags(prisma)).toEqual(['other'])
})

test('a write from outside waits for the transaction, and comes after it', async () => {
  await using bench = await workbench()
  const prisma = bench.ours()
  let outside: Promise<unknown> = Promise.resolve()
  await prisma.$transaction(async (transaction) => {
    outside = create(prisma, 'outside').then(() => tags(prisma))
    await create(transaction, 'inside')
  })
  expect(await outside).toEqual(['inside', 'outside'])
})

test('a transaction that runs out of its time is rolled back, and the client goes on', async () => {
  await using bench = await workbench()
  const prisma = bench.ours()
  const { opened, open } = door()
  const timer = setTimeout(open, 300)
  const late = prisma.$transaction(
    async (transaction) => {
      await create(transaction, 'late')
      await opened
      await create(transaction, 'later')
    },
    { timeout: 100 },
  )
  await expect(late).rejects.toMatchObject({ code: 'P2028' })
  clearTimeout(timer)
  await create(prisma, 'next')
  expect(await tags(prisma)).toEqual(['next'])
})

test('a start that comes too late for maxWait leaves nothing behind', async () => {
  await using bench = await workbench()
  const prisma = bench.ours()
  const { opened, open } = door()
  const first = prisma.$transaction(async (transaction) => {
    await opened
    await create(transaction, 'first')
  })
  const second = prisma.$transaction((transaction) => create(transaction, 'second'), { maxWait: 50 })
  await expect(second).rejects.toMatchObject({ code: 'P2028' })
  open()
  await first
  await create(prisma, 'third')
  expect(await tags(prisma)).toEqual(['first', 'third'])
})

test('a start that does not get its turn says who holds it: P1008', async () => {
  await using bench = await workbench()
  const prisma = bench.ours()
  const { opened, open } = door()
  const first = prisma.$transaction(() => opened)
  const second = prisma.$transaction((transaction) => create(transaction, 'second'))
  await expect(second).rejects.toBeInstanceOf(Prisma.PrismaClientKnownRequestError)
  await expect(second).rejects.toMatchObject({ code: 'P1008' })
  open()
  await first
})

test('$disconnect rolls back what is open; the next query connects again', async () => {
  await using bench = await workbench()
  const prisma = bench.ours()
  const { opened, open } = door()
  const { opened: inside, open: isInside } = door()
  const cut = prisma.$transaction(async (transaction) => {
    await create(transaction, 'cut')
    isInside()
    await opened
  })
  await inside
  const disconnected = prisma.$disconnect()
  open()
  await expect(cut).rejects.toMatchObject({ code: expect.stringMatching(/^P/) })
  await disconnected
  expect(await tags(prisma)).toEqual([])
  await create(prisma, 'again')
  await prisma.$disconnect()
  await prisma.$disconnect()
  expect(await tags(prisma)).toEqual(['again'])
})

test('two clients of one adapter, and an adapter that is never used', async () => {
  await using bench = await workbench()
  const adapter = new PrismaSqliteEfs({ url: bench.file, lease: 'local' })
  const first = bench.client(adapter)
  const second = bench.client(adapter)
  const unused = new PrismaSqliteEfs({ url: bench.file, lease: 'local', pragmas: { cache_size: -1 } })
  await create(first, 'a')
  await first.$disconnect()
  await create(second, 'b')
  expect(await tags(second)).toEqual(['a', 'b'])
  expect(unused.provider).toBe('sqlite')
})

test('one process gives one file the same settings', async () => {
  await using bench = await workbench()
  await create(bench.ours(), 'a')
  await expect(tags(bench.ours({ pragmas: { cache_size: -1 } }))).rejects.toMatchObject({
    code: 'CONFIGURATION',
    message: expect.stringContaining('pragmas'),
  })
})

test('isolation levels: SERIALIZABLE is what there is', async () => {
  await using bench = await workbench()
  const prisma = bench.ours()
  const Serializable = { isolationLevel: Prisma.TransactionIsolationLevel.Serializable }
  await prisma.$transaction((transaction) => create(transaction, 'a'), Serializable)
  const adapter = await new PrismaSqliteEfs({ url: bench.file, lease: 'local' }).connect()
  for (const level of ['READ UNCOMMITTED', 'READ COMMITTED', 'REPEATABLE READ', 'SNAPSHOT'] as const) {
    await expect(adapter.startTransaction(level)).rejects.toMatchObject({
      cause: { kind: 'InvalidIsolationLevel', level: expect.stringContaining(level) as string },
    })
  }
  await adapter.dispose()
})

test('a thousand writes at once share few commits, and are all there', async () => {
  await using bench = await workbench()
  const prisma = bench.ours()
  const names = Array.from({ length: 1000 }, (_, index) => String(index).padStart(4, '0'))
  await Promise.all(names.map((name) => create(prisma, name)))
  expect(await tags(prisma)).toEqual(names)
})

test('many transactions after one another print no warning', async () => {
  const warnings: Error[] = []
  const heard = (warning: Error) => warnings.push(warning)
  process.on('warning', heard)
  await using bench = await workbench()
  const prisma = bench.ours()
  for (let index = 0; index < 30; index += 1) {
    await prisma.$transaction((transaction) => create(transaction, String(index)))
  }
  process.off('warning', heard)
  expect(warnings).toEqual([])
})

describe(':memory:', () => {
  const memory = (bench: Workbench) => bench.ours({ url: ':memory:' })

  test('keeps its tables after a transaction, and until $disconnect', async () => {
    await using bench = new Workbench()
    const prisma = memory(bench)
    await prisma.$executeRaw`CREATE TABLE Tag (name TEXT PRIMARY KEY)`
    await prisma.$transaction((transaction) => create(transaction, 'a'))
    expect(await tags(prisma)).toEqual(['a'])
    await prisma.$disconnect()
    await expect(tags(prisma)).rejects.toMatchObject({ code: expect.stringMatching(/^P(1003|2021)$/) })
  })

  test('is private', async () => {
    await using bench = new Workbench()
    const first = memory(bench)
    await first.$executeRaw`CREATE TABLE Tag (name TEXT PRIMARY KEY)`
    await expect(tags(memory(bench))).rejects.toMatchObject({ code: expect.stringMatching(/^P(1003|2021)$/) })
  })
})

describe('the shadow database', () => {
  test('is in memory, and not the database', async () => {
    await using bench = await workbench()
    const factory = new PrismaSqliteEfs({ url: bench.file, lease: 'local' })
    const shadow = await factory.connectToShadowDb()
    await shadow.executeScript('CREATE TABLE OnlyHere (a); INSERT INTO OnlyHere VALUES (1)')
    const query = { sql: 'SELECT a FROM OnlyHere', args: [], argTypes: [] }
    expect((await shadow.queryRaw(query)).rows).toEqual([[1]])
    const adapter = await factory.connect()
    await expect(adapter.queryRaw(query)).rejects.toMatchObject({ code: 'P2021' })
    await shadow.dispose()
    await adapter.dispose()
  })

  test('is the file that shadowDatabaseUrl names', async () => {
    await using bench = await workbench()
    const shadowDatabaseUrl = `file:${bench.folder}/shadow.db`
    const shadow = await new PrismaSqliteEfs({ url: bench.file, lease: 'local', shadowDatabaseUrl }).connectToShadowDb()
    await shadow.executeScript('CREATE TABLE Tag (name TEXT PRIMARY KEY)')
    await shadow.dispose()
    expect(await tags(bench.ours({ url: shadowDatabaseUrl }))).toEqual([])
  })
})

test('the adapter says what it is', async () => {
  await using bench = await workbench()
  const adapter = await new PrismaSqliteEfs({ url: bench.file, lease: 'local' }).connect()
  expect(adapter).toMatchObject({ provider: 'sqlite', adapterName: 'prisma-adapter-sqlite-efs' })
  expect(adapter.getConnectionInfo?.()).toEqual({ maxBindValues: 32_766, supportsRelationJoins: false })
  await adapter.dispose()
})

test('a released savepoint is gone', async () => {
  await using bench = await workbench()
  const adapter = await new PrismaSqliteEfs({ url: bench.file, lease: 'local' }).connect()
  const transaction = await adapter.startTransaction()
  await transaction.createSavepoint?.('one')
  await transaction.rollbackToSavepoint?.('one')
  await transaction.releaseSavepoint?.('one')
  await expect(transaction.rollbackToSavepoint?.('one')).rejects.toMatchObject({ code: 'P2039' })
  await transaction.rollback()
  await adapter.dispose()
})

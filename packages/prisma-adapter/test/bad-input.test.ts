import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { PrismaSqliteEfs, PrismaSqliteEfsError } from '../src/index.js'
import { Prisma, type PrismaClient } from './generated/prisma/client.js'
import { Workbench } from './support/clients.js'
import { somebodyElse } from './support/somebody-else.js'

const read = (prisma: PrismaClient) => prisma.tag.findMany()
const write = (prisma: PrismaClient) => prisma.tag.create({ data: { name: 'x' } })
const transaction = (prisma: PrismaClient) =>
  prisma.$transaction((inside) => inside.tag.create({ data: { name: 'x' } }))

/** Every file in the folder, by name: the database and what SQLite keeps beside it, without the line's folder. */
const contents = ({ folder }: Workbench) =>
  Object.fromEntries(
    readdirSync(folder, { withFileTypes: true })
      .filter((each) => each.isFile())
      .map(({ name }) => [name, readFileSync(join(folder, name), 'base64')]),
  )

async function error(promise: Promise<unknown>): Promise<Prisma.PrismaClientKnownRequestError> {
  const outcome = await promise.then(
    (result) => ({ result }),
    (thrown: unknown) => ({ thrown }),
  )
  if ('thrown' in outcome && outcome.thrown instanceof Prisma.PrismaClientKnownRequestError) return outcome.thrown
  throw new Error('not the error that was expected', { cause: outcome })
}

describe('the constructor refuses', () => {
  test.each<[string, object, string]>([
    ['a remote url', { url: 'libsql://app.turso.io' }, 'url'],
    ['a relative url with a table', { url: 'file:./app.db', lease: { tableName: 'app-locks' } }, 'url'],
    ['an empty url', { url: '' }, 'url'],
    ['a lease that is none', { lease: null }, 'lease'],
    ['memory with a line', { url: ':memory:', lease: { tableName: 'app-locks' } }, 'url'],
    ['a table name that DynamoDB would not take', { lease: { tableName: 'a b' } }, 'tableName'],
    ['a lease that is shorter than its own requests', { lease: { tableName: 'app-locks', ttlMs: 10 } }, 'ttlMs'],
    ['NaN', { lease: { tableName: 'app-locks', timeoutMs: Number.NaN } }, 'lease.timeoutMs'],
    ['a number out of range', { lease: { tableName: 'app-locks', timeoutMs: 1e12 } }, 'timeoutMs'],
    ['a client that is none', { lease: { tableName: 'app-locks', client: {} } }, 'client'],
    ['WAL', { pragmas: { journal_mode: 'WAL' } }, 'journal_mode'],
    ['memory-mapped files', { pragmas: { mmap_size: 1 } }, 'mmap_size'],
    ['a locking mode', { pragmas: { locking_mode: 'EXCLUSIVE' } }, 'locking_mode'],
    ['a PRAGMA that is SQL', { pragmas: { cache_size: '1; DROP TABLE Tag' } }, 'cache_size'],
  ])('%s', (_, options, named) => {
    const construct = () => new PrismaSqliteEfs({ url: 'file:/mnt/efs/app.db', lease: 'local', ...options })
    expect(construct).toThrow(PrismaSqliteEfsError)
    expect(construct).toThrow(expect.objectContaining({ code: 'CONFIGURATION' }))
    expect(construct).toThrow(named)
  })
})

describe.each([
  ['a read', read],
  ['a write', write],
  ['a transaction', transaction],
])('%s on', (what, run) => {
  const isRead = what === 'a read'

  test('a folder', async () => {
    await using bench = new Workbench()
    mkdirSync(bench.file)
    expect(await error(run(bench.ours()))).toMatchObject({ code: 'CONFIGURATION' })
    expect(readdirSync(bench.file)).toEqual([])
    expect(readdirSync(bench.folder)).toEqual(['app.db'])
  })

  test('a file in a folder that is not there', async () => {
    await using bench = new Workbench()
    const thrown = await error(run(bench.ours({ url: `${bench.folder}/nowhere/app.db` })))
    expect(thrown).toMatchObject({ code: 'CONFIGURATION' })
    expect(thrown.message).toContain(`${bench.folder}/nowhere`)
    expect(existsSync(`${bench.folder}/nowhere`)).toBe(false)
  })

  test('a file that is not there', async () => {
    await using bench = new Workbench()
    const thrown = await error(run(bench.ours()))
    expect(thrown).toMatchObject({ code: 'P1003' })
    expect(thrown.message).toContain(bench.file)
    expect(readdirSync(bench.folder)).toEqual([])
  })

  test('a file that is no database', async () => {
    await using bench = new Workbench()
    writeFileSync(bench.file, 'Dear diary,\n'.repeat(1000))
    const before = contents(bench)
    const thrown = await error(run(bench.ours()))
    expect(thrown).toMatchObject({ code: 'CONFIGURATION' })
    expect(thrown.message).toContain(bench.file)
    expect(contents(bench)).toEqual(before)
  })

  test('a file in WAL mode', async () => {
    await using bench = await new Workbench().migrate('official')
    await (await somebodyElse(bench.file, 'PRAGMA journal_mode = WAL; DELETE FROM Tag'))[Symbol.asyncDispose]()
    const before = contents(bench)
    const thrown = await error(run(bench.ours()))
    expect(thrown).toMatchObject({ code: 'CONFIGURATION' })
    expect(thrown.message).toMatch(/wal/i)
    expect(contents(bench)).toEqual(before)
  })

  test('a file that uses user_version for itself', async () => {
    await using bench = await new Workbench().migrate('official')
    await (await somebodyElse(bench.file, 'PRAGMA user_version = 7'))[Symbol.asyncDispose]()
    const before = contents(bench)['app.db']
    const outcome = await run(bench.ours()).then(
      () => 'done',
      (thrown: PrismaSqliteEfsError) => `${thrown.code}: ${thrown.message}`,
    )
    // Reading changes nothing, so it may be read.
    expect(outcome).toMatch(isRead ? /^done$/ : /^CONFIGURATION: .*fencing: 'off'/s)
    expect(contents(bench)['app.db']).toEqual(before)
  })
})

test('a folder that may not be written: reads work, writes say why', async () => {
  await using bench = await new Workbench().migrate()
  const before = contents(bench)
  chmodSync(bench.folder, 0o555)
  const program = fileURLToPath(new URL('support/attempt.ts', import.meta.url))
  const { stdout, stderr } = spawnSync(
    process.execPath,
    ['--conditions=@sqlite-efs/source', '--import', 'tsx', program, bench.file, 'nobody'],
    { encoding: 'utf8' },
  )
  chmodSync(bench.folder, 0o755)
  const refused = { code: 'CONFIGURATION', message: expect.stringContaining('must be writable') }
  expect(JSON.parse(stdout || JSON.stringify(stderr))).toEqual({
    read: { result: 0 },
    write: refused,
    transaction: refused,
  })
  expect(contents(bench)).toEqual(before)
})

describe('raw SQL is refused, before anything runs:', () => {
  test.each([
    ['BEGIN', '$transaction'],
    ['BEGIN IMMEDIATE', '$transaction'],
    ['COMMIT', '$transaction'],
    ['END', '$transaction'],
    ['ROLLBACK', '$transaction'],
    ['SAVEPOINT x', '$transaction'],
    ["ATTACH '/tmp/other.db' AS other", 'ATTACH'],
    ['DETACH other', 'DETACH'],
    ['VACUUM', 'VACUUM'],
    // As Prisma's schema engine sends them, which may.
    ['PRAGMA main.locking_mode=EXCLUSIVE', 'locking_mode'],
    ['PRAGMA foreign_keys=OFF', 'foreign_keys'],
    ['PRAGMA journal_mode = WAL', 'journal_mode'],
    ['PRAGMA journal_mode(DELETE)', 'journal_mode'],
    ['EXPLAIN PRAGMA main.locking_mode=EXCLUSIVE', 'explained or not'],
    ['CREATE TABLE temp.t (a)', 'temporary'],
    ['/* x */ PRAGMA main.locking_mode = EXCLUSIVE -- y', 'locking_mode'],
    ['PRAGMA mmap_size = 268435456', 'mmap_size'],
    ['PRAGMA user_version = 7', 'user_version'],
    ['CREATE TEMP TABLE t (a)', 'temporary'],
    ["INSERT INTO Tag VALUES ('a'); INSERT INTO Tag VALUES ('b')", 'more than one'],
    ['', 'empty'],
    ['-- nothing', 'empty'],
  ])('%s', async (sql, words) => {
    await using bench = await new Workbench().migrate()
    const prisma = bench.ours()
    await prisma.tag.count()
    const before = contents(bench)
    for (const run of [
      () => prisma.$executeRawUnsafe(sql),
      () => prisma.$queryRawUnsafe(sql),
      () => prisma.$transaction([prisma.$executeRawUnsafe(sql)]),
    ]) {
      const thrown = await error(run())
      expect(thrown).toMatchObject({ code: 'P2010' })
      expect(thrown.message).toContain(words)
    }
    expect(contents(bench)).toEqual(before)
    await write(prisma)
  })
})

describe('a value that SQLite can’t store is refused, before anything runs:', () => {
  test.each<[string, (prisma: PrismaClient) => Promise<unknown>, object]>([
    ['NaN', (prisma) => prisma.scalars.create({ data: { float: Number.NaN } }), {}],
    ['Infinity', (prisma) => prisma.scalars.create({ data: { float: Number.POSITIVE_INFINITY } }), {}],
    ['a BigInt of 65 bits', (prisma) => prisma.scalars.create({ data: { big: 2n ** 64n } }), {}],
    ['a Decimal that is NaN', (prisma) => prisma.scalars.create({ data: { decimal: new Prisma.Decimal('NaN') } }), {}],
    [
      'a raw BigInt of 65 bits',
      (prisma) => prisma.$executeRaw`INSERT INTO Tag VALUES (${2n ** 64n})`,
      { code: 'P2010' },
    ],
    ['a raw list', (prisma) => prisma.$queryRaw`SELECT ${[1, 2]}`, { code: 'P2010' }],
  ])('%s', async (_, run, expected) => {
    await using bench = await new Workbench().migrate()
    const prisma = bench.ours()
    const before = contents(bench)
    await expect(run(prisma)).rejects.toMatchObject({ name: expect.stringMatching(/^PrismaClient/), ...expected })
    expect(contents(bench)).toEqual(before)
    await write(prisma)
  })

  test.each([[true], [false]])('a raw boolean is fine: %s', async (value) => {
    await using bench = await new Workbench().migrate()
    expect(await bench.ours().$queryRaw`SELECT ${value} AS value`).toEqual([{ value: Number(value) }])
  })

  test('too many parameters are refused', async () => {
    await using bench = await new Workbench().migrate()
    const prisma = bench.ours()
    const ids = Array.from({ length: 40_000 }, (_, id) => id)
    expect(await prisma.scalars.findMany({ where: { id: { in: ids } } })).toEqual([])
    const thrown = await error(prisma.$queryRaw`SELECT 1 WHERE 1 IN (${Prisma.join(ids)})`)
    expect(thrown).toMatchObject({ code: 'P2010' })
    await write(prisma)
  })
})

test('a database deleted under a client is missed, and one put in its place is used', async () => {
  await using bench = await new Workbench().migrate()
  const prisma = bench.ours()
  await write(prisma)
  await prisma.$disconnect()
  for (const name of readdirSync(bench.folder)) rmSync(join(bench.folder, name), { recursive: true })
  expect(await error(read(prisma))).toMatchObject({ code: 'P1003' })
  await bench.migrate()
  expect(await read(prisma)).toEqual([])
})

import { setImmediate } from 'node:timers/promises'
import { SpanStatusCode, trace } from '@opentelemetry/api'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { PrismaSqliteEfs } from '../src/index.js'
import { OpenTelemetryTracer } from '../src/open-telemetry.js'
import { Workbench } from './support/clients.js'
import { killWriterOf } from './support/killed-writer.js'
import { Traces } from './support/traces.js'

let traces: Traces

beforeEach(() => {
  traces = new Traces()
})

afterEach(() => traces[Symbol.dispose]())

test('a create: the lease, the write lock, COMMIT and the release are under Prisma’s span of the query', async () => {
  await using bench = await new Workbench().migrate()
  const prisma = bench.ours()
  await prisma.user.create({ data: { email: 'a@example.org' } })
  await prisma.$disconnect()
  const query = 'prisma:client:operation > prisma:client:db_query'
  expect(traces.paths).toEqual([
    `${query} > lease.acquire`,
    `${query} > begin`,
    `${query} > commit`,
    `${query} > lease.release`,
  ])
  const token = traces.named('lease.acquire').attributes['sqlite_efs.token']
  expect(traces.named('commit').attributes).toEqual({
    'db.system.name': 'sqlite',
    'sqlite_efs.token': token,
    'sqlite_efs.waited_ms': expect.any(Number) as number,
    'sqlite_efs.statements': 1,
    'sqlite_efs.rows': 1,
  })
})

test('an interactive transaction: the lease is waited for in its start, and COMMIT is in its commit', async () => {
  await using bench = await new Workbench().migrate()
  const prisma = bench.ours()
  await prisma.$transaction(async (tx) => {
    await tx.user.create({ data: { email: 'a@example.org' } })
    await tx.user.count()
  })
  await prisma.$disconnect()
  const transaction = 'prisma:client:transaction'
  expect(traces.paths).toEqual([
    `${transaction} > prisma:client:start_transaction > lease.acquire`,
    `${transaction} > prisma:client:start_transaction > begin`,
    `${transaction} > prisma:client:commit_transaction > prisma:client:db_query > commit`,
    `${transaction} > prisma:client:start_transaction > lease.release`,
  ])
})

test('with tracing: false only Prisma’s own spans are there', async () => {
  await using bench = await new Workbench().migrate()
  const prisma = bench.ours({ tracing: false })
  await prisma.user.create({ data: { email: 'a@example.org' } })
  await prisma.$transaction((tx) => tx.user.count())
  await prisma.$disconnect()
  expect(traces.ours).toEqual([])
  expect(traces.spans.map(({ name }) => name)).toContain('prisma:client:db_query')
})

test('a read: no lease, and how many rows came', async () => {
  await using bench = await new Workbench().migrate()
  const prisma = bench.ours()
  await prisma.tag.createMany({ data: [{ name: 'a' }, { name: 'b' }] })
  await prisma.$disconnect()
  traces.reset()
  await prisma.tag.findMany()
  expect(traces.paths).toEqual(['prisma:client:operation > prisma:client:db_query > read'])
  expect(traces.named('read').attributes).toEqual({ 'db.system.name': 'sqlite', 'sqlite_efs.rows': 2 })
})

test('a read that meets what a dead writer left: the recovery that it waits for is under it', async () => {
  await using bench = await new Workbench().migrate()
  const prisma = bench.ours()
  await prisma.tag.count()
  // Beside an open read window nobody's pages get into the file.
  await setImmediate()
  killWriterOf(bench.file)
  traces.reset()
  await prisma.tag.count()
  await prisma.$disconnect()
  const read = 'prisma:client:operation > prisma:client:db_query > read'
  expect(traces.paths).toEqual([
    `${read} > recovery > lease.acquire`,
    `${read} > recovery > begin`,
    `${read} > recovery`,
    read,
    `${read} > recovery > lease.release`,
  ])
})

test('writes that share a COMMIT have it under the first, with links to the others', async () => {
  await using bench = await new Workbench().migrate()
  const prisma = bench.ours()
  await prisma.$connect()
  const names = ['a', 'b', 'c']
  await Promise.all(names.map((name) => prisma.tag.create({ data: { name } })))
  await prisma.$disconnect()
  const commits = traces.ours.filter(({ name }) => name === 'commit')
  const shared = commits.reduce((sum, { links }) => sum + 1 + links.length, 0)
  expect(shared).toBe(names.length)
  const queries = traces.spans.filter(({ name }) => name === 'prisma:client:db_query')
  const linked = commits.flatMap(({ links }) => links.map(({ context }) => context.spanId))
  expect(queries.map((query) => query.spanContext().spanId)).toEqual(expect.arrayContaining(linked))
})

test('what fails is told by its code, and not by its message', async () => {
  await using bench = await new Workbench().migrate()
  const prisma = bench.ours()
  await prisma.$queryRawUnsafe('SELECT json_extract(?, ?)', '{}', 'hunter2').catch(() => undefined)
  const { status, attributes, events } = traces.named('read')
  expect({ status, events }).toEqual({ status: { code: SpanStatusCode.ERROR }, events: [] })
  expect(attributes).toEqual({ 'db.system.name': 'sqlite', 'error.type': 'SQLITE', 'db.response.status_code': '1' })
})

test('where nobody traces, nothing is traced: a span of one’s own begins it', async () => {
  await using bench = await new Workbench().migrate()
  const tracer = new OpenTelemetryTracer()
  await tracer.loaded
  expect(tracer.current()).toBeUndefined()
  const adapter = await new PrismaSqliteEfs({ url: bench.file, lease: 'local' }).connect()
  const write = () => adapter.executeRaw({ sql: 'DELETE FROM "Tag" WHERE 1', args: [], argTypes: [] })
  await write()
  expect(traces.spans).toEqual([])
  await trace.getTracer('an application').startActiveSpan('a request', async (span) => {
    await write()
    await adapter.executeScript('INSERT INTO "Tag" VALUES (1)')
    span.end()
  })
  await adapter.dispose()
  expect(traces.paths).toContain('a request > commit')
})

test.each(['onStart', 'onEnd'])('a span processor whose %s fails costs nobody a write', async (method) => {
  const fail = (span: { name: string }) => {
    if (['commit', 'begin'].includes(span.name)) throw new Error('the exporter is gone')
  }
  const nothing = { onStart: () => {}, onEnd: () => {}, forceFlush: async () => {}, shutdown: async () => {} }
  traces[Symbol.dispose]()
  traces = new Traces({ ...nothing, [method]: fail })
  await using bench = await new Workbench().migrate()
  const prisma = bench.ours()
  await prisma.tag.create({ data: { name: 'a' } })
  expect(await prisma.tag.count()).toBe(1)
})

import { readdir, readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { bindMigrationAwareSqlAdapterFactory } from '@prisma/driver-adapter-utils'
import * as schemaEngine from '@prisma/schema-engine-wasm/schema_engine_bg'
import { PrismaSqliteEfs } from 'prisma-adapter-sqlite-efs'
import { beforeAll, expect, test } from 'vitest'
import { useService } from './service.js'

const PRISMA = fileURLToPath(new URL('../../../prisma/', import.meta.url))
const service = useService()

beforeAll(loadSchemaEngine)

test('the migrations lead to the schema', async () => {
  const content = await readFile(join(PRISMA, 'schema.prisma'), 'utf8')
  expect(await whatIsMissing(content)).toContain('This is an empty migration')
})

test('a schema that is ahead of its migrations is noticed', async () => {
  const content = await readFile(join(PRISMA, 'schema.prisma'), 'utf8')
  expect(await whatIsMissing(content.replace('model Event {', 'model Event {\n  place String?'))).toContain(
    '"place" TEXT',
  )
})

test('every field comes back from the migrated database as it went in', async () => {
  const { prisma } = service
  const event = {
    id: 'round trip',
    name: 'Ünïcödé "and" \'quotes\'',
    startsAt: new Date('2027-01-01T20:00:00.123Z'),
    revenue: 2n ** 62n + 1n,
    details: '{"seatPrice":4500,"n":[1,2.5,null]}',
    poster: new Uint8Array([0, 1, 255]),
  }
  const booking = {
    id: '5b0b5f2c-4b44-4a52-8f2e-1a3c5ab10c55',
    eventId: event.id,
    seatNumber: 1,
    buyer: 'Ada',
    price: 2n ** 53n + 1n,
    createdAt: new Date('2026-12-24T18:00:00.001Z'),
  }
  await prisma.event.create({ data: { ...event, seats: { create: { number: 1 } } } })
  await prisma.booking.create({ data: booking })
  expect(
    await prisma.event.findUnique({ where: { id: event.id }, include: { seats: { include: { booking: true } } } }),
  ).toEqual({ ...event, seats: [{ eventId: event.id, number: 1, booking }] })
})

/** The SQL that Prisma's schema engine would add to the migrations. */
async function whatIsMissing(schema: string): Promise<string> {
  // The database itself is not asked for: the migrations are tried on the adapter's shadow database.
  const adapter = new PrismaSqliteEfs({ url: ':memory:', lease: 'local' })
  const factory = bindMigrationAwareSqlAdapterFactory(adapter)
  const engine = await schemaEngine.SchemaEngine.new(
    { datamodels: [['schema.prisma', schema]] },
    () => undefined,
    factory,
  )
  const migrations = (await readdir(join(PRISMA, 'migrations'), { withFileTypes: true })).filter((entry) =>
    entry.isDirectory(),
  )
  const { stdout } = await engine.diff({
    from: {
      tag: 'migrations',
      baseDir: join(PRISMA, 'migrations'),
      lockfile: {
        path: 'migration_lock.toml',
        content: await readFile(join(PRISMA, 'migrations/migration_lock.toml'), 'utf8'),
      },
      shadowDbInitScript: '',
      migrationDirectories: await Promise.all(
        migrations.map(async ({ name }) => ({
          path: name,
          migrationFile: {
            path: 'migration.sql',
            content: {
              tag: 'ok' as const,
              value: await readFile(join(PRISMA, 'migrations', name, 'migration.sql'), 'utf8'),
            },
          },
        })),
      ),
    },
    to: { tag: 'schemaDatamodel', files: [{ path: 'schema.prisma', content: schema }] },
    script: true,
    exitCode: null,
    filters: { externalTables: [], externalEnums: [] },
  })
  return stdout ?? ''
}

/** Node has it, but the types for Node 20 do not. */
declare const WebAssembly: {
  instantiate(bytes: Uint8Array, imports: object): Promise<{ instance: { exports: Record<string, () => void> } }>
}

/** The build for bundlers, without a bundler. */
async function loadSchemaEngine(): Promise<void> {
  const bindings = createRequire(import.meta.url).resolve('@prisma/schema-engine-wasm/schema_engine_bg')
  const module = await readFile(bindings.replace(/\.js$/, '.wasm'))
  const { instance } = await WebAssembly.instantiate(module, { './schema_engine_bg.js': { ...schemaEngine } })
  schemaEngine.__wbg_set_wasm(instance.exports)
  instance.exports['__wbindgen_start']?.()
}

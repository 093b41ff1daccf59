import { join } from 'node:path'
import { PrismaLibSql } from '@prisma/adapter-libsql'
import type { SqlDriverAdapterFactory } from '@prisma/driver-adapter-utils'
import { PrismaSqliteEfs, type PrismaSqliteEfsOptions } from 'prisma-adapter-sqlite-efs'
import { PrismaClient } from './generated/prisma/client.js'
import { filling, SCHEMA } from './schema.js'
import type { Context } from './table.js'

export const OURS = 'sqlite-efs'
export const LIBSQL = 'adapter-libsql'
export const BETTER_SQLITE3 = 'adapter-better-sqlite3'

/** Who is measured side by side. */
export type ContestantName = typeof OURS | typeof LIBSQL | typeof BETTER_SQLITE3

/** Prisma's own adapters for SQLite files. */
export const PEERS = [LIBSQL, BETTER_SQLITE3] as const

/** A Prisma client on one contestant's database. */
export interface Client {
  name: ContestantName
  prisma: PrismaClient
}

/** An adapter, as its users get it, with a database of its own. */
export interface Adapter {
  name: ContestantName
  factory: SqlDriverAdapterFactory
}

/** Its binary is for Node 22 and later: an older one does not survive it. */
const CAN_BETTER_SQLITE3 = Number(process.versions.node.split('.')[0]) >= 22

/** Who runs here. */
export const CONTESTANTS: readonly ContestantName[] = CAN_BETTER_SQLITE3
  ? [OURS, LIBSQL, BETTER_SQLITE3]
  : [OURS, LIBSQL]

/** What a table says where there is one contestant less. */
export const notesOnContestants: readonly string[] = CAN_BETTER_SQLITE3
  ? []
  : ['adapter-better-sqlite3 did not run: what npm has of better-sqlite3 with its native part needs Node 22.']

/** Ours, where it is not as by default. */
type Ours = Pick<PrismaSqliteEfsOptions, 'transactionMode'>

/** The adapters that run here, each with the same tables in a file of its own. */
export async function adapters(context: Context, orders: number, ours?: Ours): Promise<Adapter[]> {
  const all: Adapter[] = []
  for (const name of CONTESTANTS) all.push(await adapter(context, name, orders, ours))
  return all
}

/** One adapter with a new file of so many orders. */
export async function adapter(
  context: Context,
  name: ContestantName,
  orders: number,
  ours: Ours = {},
): Promise<Adapter> {
  const factory = await factoryOf(name, `file:${databaseIn(context)}`, ours)
  const connection = await factory.connect()
  await connection.executeScript(SCHEMA)
  await connection.executeScript(filling(orders))
  await connection.dispose()
  return { name, factory }
}

async function factoryOf(name: ContestantName, url: string, ours: Ours): Promise<SqlDriverAdapterFactory> {
  if (name === OURS) return new PrismaSqliteEfs({ url, lease: 'local', ...ours })
  if (name === LIBSQL) return new PrismaLibSql({ url })
  // Its import is what an older Node does not survive.
  const { PrismaBetterSqlite3 } = await import('@prisma/adapter-better-sqlite3')
  return new PrismaBetterSqlite3({ url })
}

export const databaseIn = (context: Context) => join(context.folder(), 'shop.db')

/** With a Prisma client for each adapter. */
export async function withClients<T>(all: readonly Adapter[], use: (clients: Client[]) => Promise<T>): Promise<T> {
  const clients = all.map(({ name, factory }) => ({ name, prisma: new PrismaClient({ adapter: factory }) }))
  try {
    return await use(clients)
  } finally {
    await Promise.all(clients.map(({ prisma }) => prisma.$disconnect()))
  }
}

import { join } from 'node:path'
import { PrismaLibSql } from '@prisma/adapter-libsql'
import type { SqlDriverAdapterFactory } from '@prisma/driver-adapter-utils'
import { PrismaSqliteEfs, type PrismaSqliteEfsOptions } from 'prisma-adapter-sqlite-efs'
import { filling, SCHEMA } from './schema.js'

export const OURS = 'sqlite-efs'
export const LIBSQL = 'adapter-libsql'
export const BETTER_SQLITE3 = 'adapter-better-sqlite3'

/** Who is measured side by side. */
export type ContestantName = typeof OURS | typeof LIBSQL | typeof BETTER_SQLITE3

/** Prisma's own adapters for SQLite files. */
export const PEERS = [LIBSQL, BETTER_SQLITE3] as const

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

/** What a contestant's database is to be. */
export interface AdapterOptions {
  orders: number
  /** Where ours is not as by default. */
  ours?: Pick<PrismaSqliteEfsOptions, 'transactionMode'>
}

/** A contestant's adapter, as its users get it, with the same tables as each other has, in a new file in the folder. */
export async function openAdapter(
  name: ContestantName,
  folder: string,
  { orders, ours }: AdapterOptions,
): Promise<SqlDriverAdapterFactory> {
  const factory = await factoryOf(name, `file:${databaseIn(folder)}`, ours)
  const connection = await factory.connect()
  await connection.executeScript(SCHEMA)
  await connection.executeScript(filling(orders))
  await connection.dispose()
  return factory
}

async function factoryOf(
  name: ContestantName,
  url: string,
  ours: AdapterOptions['ours'],
): Promise<SqlDriverAdapterFactory> {
  if (name === OURS) return new PrismaSqliteEfs({ url, lease: 'local', ...ours })
  if (name === LIBSQL) return new PrismaLibSql({ url })
  // Its import is what an older Node does not survive.
  const { PrismaBetterSqlite3 } = await import('@prisma/adapter-better-sqlite3')
  return new PrismaBetterSqlite3({ url })
}

/** The database of a folder. */
export const databaseIn = (folder: string) => join(folder, 'shop.db')

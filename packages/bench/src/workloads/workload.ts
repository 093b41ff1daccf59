import type { SqlDriverAdapterFactory } from '@prisma/driver-adapter-utils'
import type { AdapterOptions } from '../contestants.js'
import { PrismaClient } from '../generated/prisma/client.js'
import { settingsOf } from '../settings.js'

/** What every adapter does on a database of its own. */
export interface Workload extends AdapterOptions {
  open(factory: SqlDriverAdapterFactory): Promise<OpenWorkload>
}

/** A workload on an adapter that is connected. */
export interface OpenWorkload {
  operations: Operations
  /** How the adapter writes, where that makes a difference. */
  settings?: string
  close(): Promise<void>
}

/** What can be measured, by its name in the table. */
export type Operations = Readonly<Record<string, () => Promise<unknown>>>

type ClientOperations = Readonly<Record<string, (prisma: PrismaClient) => Promise<unknown>>>

/** A workload of Prisma's client. */
export async function openClient(factory: SqlDriverAdapterFactory, all: ClientOperations): Promise<OpenWorkload> {
  const prisma = new PrismaClient({ adapter: factory })
  const operations = Object.entries(all).map(([what, operation]) => [what, () => operation(prisma)] as const)
  return {
    operations: Object.fromEntries(operations),
    settings: await settingsOf(prisma),
    close: () => prisma.$disconnect(),
  }
}

import type { SqlDriverAdapterFactory } from '@prisma/driver-adapter-utils'
import type { AdapterOptions } from '../contestants/contestants.js'
import { settingsOf } from '../contestants/settings.js'
import { PrismaClient } from '../generated/prisma/client.js'

/** What every adapter does on a database of its own. */
export interface Workload extends AdapterOptions {
  open(factory: SqlDriverAdapterFactory): Promise<OpenWorkload>
}

/** A workload on an adapter that is connected. */
export interface OpenWorkload {
  operations: Operations
  /** How many rows come back, of what reads: nobody is fast who does not bring them. */
  rows?: Readonly<Record<string, number>>
  /** How the adapter writes, where that makes a difference. */
  settings?: string
  close(): Promise<void>
}

/** What can be measured, by its name in the table. */
export type Operations = Readonly<Record<string, () => Promise<unknown>>>

type ClientOperations = Readonly<Record<string, (prisma: PrismaClient) => Promise<unknown>>>

/** A workload of Prisma's client. */
export async function openClient(
  factory: SqlDriverAdapterFactory,
  all: ClientOperations,
  { rows = {}, pragmas = [] }: { rows?: Readonly<Record<string, number>>; pragmas?: readonly string[] } = {},
): Promise<OpenWorkload> {
  const prisma = new PrismaClient({ adapter: factory })
  for (const pragma of pragmas) await prisma.$queryRawUnsafe(`PRAGMA ${pragma}`)
  const operations = Object.entries(all).map(([what, operation]) => [what, () => operation(prisma)] as const)
  return {
    operations: Object.fromEntries(operations),
    rows,
    settings: await settingsOf(prisma),
    close: () => prisma.$disconnect(),
  }
}

/**
 * Does each operation once that has to bring rows.
 *
 * @throws Error where it brings more or fewer
 */
export async function checkRows({ operations, rows = {} }: OpenWorkload): Promise<void> {
  for (const [what, wanted] of Object.entries(rows)) {
    const found = rowsIn(await operations[what]!())
    if (found !== wanted) throw new Error(`${what} brings ${found} rows instead of ${wanted}`)
  }
}

/** Of an adapter's answer or a client's, what is included too. */
function rowsIn(answer: unknown): number {
  if (Array.isArray(answer)) return answer.reduce((sum: number, each) => sum + rowsIn(each), 0)
  if (typeof answer !== 'object' || answer === null) return 0
  if ('rows' in answer && Array.isArray(answer.rows)) return answer.rows.length
  return 1 + rowsIn(Object.values(answer).filter((it) => Array.isArray(it)))
}

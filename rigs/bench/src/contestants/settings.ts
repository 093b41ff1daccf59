import type { PrismaClient } from '../generated/prisma/client.js'

const SYNCHRONOUS = ['OFF', 'NORMAL', 'FULL', 'EXTRA']

/** How a client's connection writes: `journal_mode=DELETE, synchronous=FULL`. */
export async function settingsOf(prisma: PrismaClient): Promise<string> {
  const journalMode = await pragma(prisma, 'journal_mode')
  const synchronous = SYNCHRONOUS[Number(await pragma(prisma, 'synchronous'))]
  return `\`journal_mode=${String(journalMode).toUpperCase()}, synchronous=${synchronous}\``
}

async function pragma(prisma: PrismaClient, name: string): Promise<unknown> {
  const [row] = await prisma.$queryRawUnsafe<Record<string, unknown>[]>(`PRAGMA ${name}`)
  return row?.[name]
}

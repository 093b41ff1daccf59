import type { Random } from '@sqlite-efs/toolkit/random'
import type { PrismaClient } from '../generated/prisma/client.js'
import { ACCOUNTS } from './bank.js'
import type { Client } from './contestants.js'
import type { Style, Transfer } from './history.js'

const STYLES: Readonly<Record<Style, number>> = {
  interactive: 35,
  batch: 15,
  trigger: 35,
  script: 5,
  abandoned: 5,
  rejected: 5,
}
/** So long an interactive transaction pauses between its statements, at the most. */
const PAUSE_MS = 15
/** A second or two of SQLite's time. */
const LONG_SCRIPT_ROUNDS = 4_000_000

/** What an abandoned transfer's callback throws: nothing is written then. */
export class Abandoned extends Error {
  readonly code = 'ABANDONED'
}

/** The next transfer of a sequence. */
export function chooseTransfer(random: Random, sequence: string, seq: number): Transfer {
  const from = random.whole(1, ACCOUNTS + 1)
  const to = ((from - 1 + random.whole(1, ACCOUNTS)) % ACCOUNTS) + 1
  const id = `${sequence}:${seq}`
  return { id, sequence, seq, style: random.weighted(STYLES), from, to, amount: random.whole(1, 51) }
}

/** What else happens in an interactive transfer. */
export interface Moments {
  /** Its transaction has begun. */
  begun?(): void
  /** It has written both balances, and not yet the entry. */
  halfDone?(): Promise<void>
}

/** Makes a transfer: both balances, both legs and the entry, or nothing. */
export async function makeTransfer(
  { prisma, script }: Pick<Client, 'prisma' | 'script'>,
  transfer: Transfer,
  random: Random,
  moments: Moments = {},
): Promise<void> {
  const entry = entryOf(transfer, random)
  const { style, from, to, amount } = transfer
  switch (style) {
    case 'interactive':
    case 'abandoned':
      return interactive(prisma, transfer, entry, random, moments)
    case 'batch':
      await prisma.$transaction(batch(prisma, transfer, entry))
      return
    case 'rejected': {
      const taken = prisma.account.create({ data: { id: from, opening: 0, balance: 0, memo: 'never' } })
      await prisma.$transaction([...batch(prisma, transfer, entry), taken])
      return
    }
    case 'script':
      return script(scriptOf(transfer, entry, random))
    case 'trigger':
      await prisma.entry.create({ data: { ...entry, fromId: from, toId: to, amount } })
      return
  }
}

type EntryData = ReturnType<typeof entryOf>

function entryOf({ id, sequence, seq, style, from, to, amount }: Transfer, random: Random) {
  // Rows of various sizes, so that pages split at various times.
  const memo = 'x'.repeat(random.whole(0, 301))
  return { transferId: id, sequence, seq, style, fromId: from, toId: to, amount, memo }
}

async function interactive(
  prisma: PrismaClient,
  { id, style, from, to, amount }: Transfer,
  entry: EntryData,
  random: Random,
  { begun = () => {}, halfDone = async () => {} }: Moments,
): Promise<void> {
  const pause = () => new Promise((resolve) => setTimeout(resolve, random.between(0, PAUSE_MS)))
  const pausesAt = random.chance(0.3) ? random.whole(0, 3) : -1
  await prisma.$transaction(async (tx) => {
    begun()
    const [header] = await tx.$queryRaw<
      { user_version: number | bigint }[]
    >`SELECT user_version FROM pragma_user_version`
    const payer = await tx.account.findUniqueOrThrow({ where: { id: from } })
    const payee = await tx.account.findUniqueOrThrow({ where: { id: to } })
    if (pausesAt === 0) await pause()
    await tx.account.update({ where: { id: from }, data: { balance: payer.balance - amount } })
    if (pausesAt === 1) await pause()
    await tx.account.update({ where: { id: to }, data: { balance: payee.balance + amount } })
    await halfDone()
    await tx.leg.createMany({
      data: [
        { transferId: id, accountId: from, amount: -amount },
        { transferId: id, accountId: to, amount },
      ],
    })
    if (pausesAt === 2) await pause()
    await tx.entry.create({ data: { ...entry, fence: Number(header?.user_version ?? 0) } })
    if (style === 'abandoned') throw new Abandoned('the callback gave up')
  })
}

function scriptOf({ id, from, to, amount }: Transfer, entry: EntryData, random: Random): string {
  const rounds = random.chance(0.2) ? random.whole(1, LONG_SCRIPT_ROUNDS + 1) : 10
  const { sequence, seq, style, fromId, toId, memo } = entry
  return [
    ...(random.chance(0.3) ? ['PRAGMA foreign_keys=OFF'] : []),
    `UPDATE "Account" SET "balance" = "balance" - ${amount} WHERE "id" = ${from}`,
    `INSERT INTO "Leg" ("transferId", "accountId", "amount") VALUES ('${id}', ${from}, ${-amount})`,
    `UPDATE "Account" SET "memo" = "memo" WHERE "id" = ${from} AND
      (WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${rounds}) SELECT COUNT(*) FROM n) > 0`,
    `UPDATE "Account" SET "balance" = "balance" + ${amount} WHERE "id" = ${to}`,
    `INSERT INTO "Leg" ("transferId", "accountId", "amount") VALUES ('${id}', ${to}, ${amount})`,
    `INSERT INTO "Entry" ("transferId", "sequence", "seq", "style", "fromId", "toId", "amount", "memo")
      VALUES ('${id}', '${sequence}', ${seq}, '${style}', ${fromId}, ${toId}, ${amount}, '${memo}')`,
  ].join(';\n')
}

function batch(prisma: PrismaClient, { id, from, to, amount }: Transfer, entry: EntryData) {
  const leg = (accountId: number, change: number) =>
    prisma.account.update({
      where: { id: accountId },
      data: { balance: { increment: change }, legs: { create: { transferId: id, amount: change } } },
    })
  return [leg(from, -amount), leg(to, amount), prisma.entry.create({ data: entry })]
}

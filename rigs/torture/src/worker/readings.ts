import type { PrismaClient } from '../generated/prisma/client.js'
import { ACCOUNTS, TOTAL } from './bank.js'
import type { Transfer } from './history.js'

/** What a read has to say. */
export interface Reading {
  /** How many entries there were, where all were counted. */
  entries?: number
  /** What must not be. */
  violation?: { what: string; detail: string }
}

/** One look at the bank that must find it consistent, whatever happens around it. */
export type Look = (prisma: PrismaClient) => Promise<Reading>

interface Snapshot {
  accounts: bigint
  total: bigint
  entries: bigint
  legs: bigint
  moved: bigint
  mismatches: bigint
}

/** One statement, so one state of the file: the balances against the sum of their legs, and the legs against the entries. */
const SNAPSHOT = `
SELECT
  (SELECT COUNT(*) FROM "Account") AS "accounts",
  (SELECT SUM("balance") FROM "Account") AS "total",
  (SELECT COUNT(*) FROM "Entry") AS "entries",
  (SELECT COUNT(*) FROM "Leg") AS "legs",
  (SELECT COALESCE(SUM("amount"), 0) FROM "Leg") AS "moved",
  (SELECT COUNT(*) FROM "Account" AS a LEFT JOIN
    (SELECT "accountId", SUM("amount") AS "moved" FROM "Leg" GROUP BY "accountId") AS l ON l."accountId" = a."id"
    WHERE a."balance" <> a."opening" + COALESCE(l."moved", 0)) AS "mismatches"`

const lookAtSum: Look = async (prisma) => {
  const { _sum, _count } = await prisma.account.aggregate({ _sum: { balance: true }, _count: true })
  return _sum.balance === TOTAL && _count === ACCOUNTS
    ? {}
    : { violation: { what: 'sum', detail: `${_count} accounts have ${_sum.balance}, not ${TOTAL}` } }
}

const lookAtSnapshot: Look = async (prisma) => {
  const [row] = await prisma.$queryRawUnsafe<Snapshot[]>(SNAPSHOT)
  return judge(row!)
}

/** The same over several statements, in one transaction. In mode `deferred` it takes no lease. */
const lookInTransaction: Look = (prisma) =>
  prisma.$transaction(async (tx) => {
    const legs = await tx.leg.aggregate({ _sum: { amount: true }, _count: true })
    const accounts = await tx.account.aggregate({ _sum: { balance: true }, _count: true })
    const entries = await tx.entry.count()
    return judge({
      accounts: BigInt(accounts._count),
      total: BigInt(accounts._sum.balance ?? 0),
      entries: BigInt(entries),
      legs: BigInt(legs._count),
      moved: BigInt(legs._sum.amount ?? 0),
      mismatches: 0n,
    })
  })

/** The ways of looking at all of the bank. */
export const LOOKS = { sum: lookAtSum, snapshot: lookAtSnapshot, transaction: lookInTransaction } as const

/** What was acknowledged must be seen by who was told so: its entry once, and both of its legs. */
export const lookAtOwn =
  ({ id }: Transfer): Look =>
  async (prisma) => {
    const entries = await prisma.entry.count({ where: { transferId: id } })
    const legs = await prisma.leg.count({ where: { transferId: id } })
    return entries === 1 && legs === 2
      ? {}
      : {
          violation: { what: 'own write', detail: `${id}, just acknowledged, has ${entries} entries and ${legs} legs` },
        }
  }

function judge(raw: Snapshot): Reading {
  const { accounts, total, entries, legs, moved, mismatches } = raw
  const text = () => JSON.stringify(raw, (_, value: unknown) => (typeof value === 'bigint' ? Number(value) : value))
  const isRight =
    Number(accounts) === ACCOUNTS &&
    Number(total) === TOTAL &&
    Number(legs) === 2 * Number(entries) &&
    Number(moved) === 0 &&
    Number(mismatches) === 0
  const violation = { what: Number(total) === TOTAL ? 'torn read' : 'sum', detail: text() }
  return { entries: Number(entries), ...(isRight ? {} : { violation }) }
}

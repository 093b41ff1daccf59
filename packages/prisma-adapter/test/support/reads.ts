import { makeTypedQueryFactory, type TypedSql } from '@prisma/client/runtime/client'
import type { PrismaClient } from '../generated/prisma/client.js'

/** An operation that reads. */
export interface Read {
  run(prisma: PrismaClient): PromiseLike<unknown>
  /** How many SELECTs it is. @default 1 */
  selects?: number
  /** Several operations at once, which share what they can. */
  areSeveral?: boolean
}

/** As `prisma generate --sql` makes them. */
const countOfUsers = makeTypedQueryFactory('SELECT count(*) AS n FROM User') as () => TypedSql<[], { n: bigint }>
const three = { posts: { include: { tags: { include: { posts: true } } } } } as const
const where = { id: 1 }

/** Each kind of operation of Prisma's that reads. */
export const READS: Record<string, Read> = {
  findMany: { run: (prisma) => prisma.user.findMany() },
  'findMany without a match': { run: (prisma) => prisma.user.findMany({ where: { id: 99 } }) },
  'findMany by a relation': { run: (prisma) => prisma.user.findMany({ where: { posts: { some: { title: 'one' } } } }) },
  'findMany with distinct': { run: (prisma) => prisma.user.findMany({ distinct: ['name'] }) },
  'findMany with a cursor': { run: (prisma) => prisma.user.findMany({ cursor: where, take: 2 }) },
  'findMany from the end': { run: (prisma) => prisma.user.findMany({ take: -2, orderBy: { id: 'asc' } }) },
  'findMany with include': { run: (prisma) => prisma.user.findMany({ include: { posts: true } }), selects: 2 },
  'findMany with include of one': { run: (prisma) => prisma.user.findMany({ include: { profile: true } }), selects: 2 },
  'findMany with include and take': {
    run: (prisma) => prisma.user.findMany({ include: { posts: { take: 1 } } }),
    selects: 2,
  },
  'findMany with include of two relations': {
    run: (prisma) => prisma.user.findMany({ include: { posts: true, profile: true } }),
    selects: 3,
  },
  'findMany with include of many-to-many': {
    run: (prisma) => prisma.tag.findMany({ include: { posts: true } }),
    selects: 2,
  },
  'findMany with include of two levels': {
    run: (prisma) => prisma.user.findMany({ include: { posts: { include: { tags: true } } } }),
    selects: 3,
  },
  'findMany with include of three levels': { run: (prisma) => prisma.user.findMany({ include: three }), selects: 4 },
  'findMany with a count of relations': {
    run: (prisma) => prisma.user.findMany({ include: { _count: { select: { posts: true } } } }),
  },
  findFirst: { run: (prisma) => prisma.user.findFirst() },
  'findFirst with include': {
    run: (prisma) => prisma.user.findFirst({ include: { posts: true, profile: true } }),
    selects: 3,
  },
  findFirstOrThrow: { run: (prisma) => prisma.user.findFirstOrThrow() },
  'findFirstOrThrow without a match': {
    run: (prisma) => prisma.user.findFirstOrThrow({ where: { id: 99 } }).catch(() => undefined),
  },
  findUnique: { run: (prisma) => prisma.user.findUnique({ where }) },
  'findUnique without a match': { run: (prisma) => prisma.user.findUnique({ where: { id: 99 } }) },
  findUniqueOrThrow: { run: (prisma) => prisma.user.findUniqueOrThrow({ where }) },
  'findUnique with include of three levels': {
    run: (prisma) => prisma.user.findUnique({ where, include: three }),
    selects: 4,
  },
  'findUnique, one of several that Prisma batches': {
    run: (prisma) =>
      Promise.race([1, 2, 3].map((id) => prisma.user.findUnique({ where: { id } }).then((user) => user))),
  },
  'findUnique with include, one of several that Prisma batches': {
    run: (prisma) =>
      Promise.race([1, 2].map((id) => prisma.user.findUnique({ where: { id }, include: three }).then((user) => user))),
    selects: 4,
  },
  'a relation of findUnique': { run: (prisma) => prisma.user.findUnique({ where }).posts(), selects: 2 },
  count: { run: (prisma) => prisma.user.count() },
  'count of columns': { run: (prisma) => prisma.user.count({ select: { _all: true, name: true } }) },
  aggregate: { run: (prisma) => prisma.post.aggregate({ _sum: { views: true } }) },
  groupBy: { run: (prisma) => prisma.post.groupBy({ by: ['authorId'], _count: true }) },
  'groupBy with having': {
    run: (prisma) => prisma.post.groupBy({ by: ['authorId'], having: { authorId: { gt: 0 } }, _sum: { views: true } }),
  },
  $queryRaw: { run: (prisma) => prisma.$queryRaw`SELECT count(*) AS n FROM User` },
  $queryRawUnsafe: { run: (prisma) => prisma.$queryRawUnsafe('SELECT count(*) AS n FROM User') },
  'a query of TypedSQL': { run: (prisma) => prisma.$queryRawTyped(countOfUsers()) },
  '$executeRaw of a SELECT': { run: (prisma) => prisma.$executeRaw`SELECT count(*) FROM User` },
  'several at once, the first of them': {
    run: (prisma) => Promise.race([prisma.user.count(), prisma.user.findMany({ include: three }), prisma.tag.count()]),
    areSeveral: true,
  },
}

// Run with mounts of its own: writes to a disk that has no room left, in each place where that can be met.
import { readdirSync, rmSync } from 'node:fs'
import type { PrismaClient } from '../generated/prisma/client.js'
import { integrity, outcomeOf, SmallDisk } from './on-tmpfs.js'

const disk = new SmallDisk(8 * 1024)
await disk.migrate()
const prisma = disk.client()
const ROWS = 2_000
const text = (kib: number) => 'x'.repeat(kib * 1024)
await prisma.scalars.createMany({ data: Array.from({ length: ROWS }, () => ({ text: text(1), int: 0 })) })

const create = (client: Pick<PrismaClient, 'tag'>, name: string) => client.tag.create({ data: { name } })

const state = async () => ({
  sum: (await prisma.scalars.aggregate({ _sum: { int: true } }))._sum.int,
  rows: await prisma.scalars.count(),
  tags: (await prisma.tag.findMany({ orderBy: { name: 'asc' } })).map(({ name }) => name),
  integrity: await integrity(prisma),
})

/** What an attempt had an answer for, beside its failure. */
let acknowledged: string[] = []

const bumpAll = (client: Pick<PrismaClient, 'scalars'>) =>
  client.scalars.updateMany({ data: { int: { increment: 1 } } })
const attempts: Record<string, () => Promise<unknown>> = {
  // The journal grows by every page that is changed.
  'a statement': () => bumpAll(prisma),
  'a statement of a transaction': () =>
    prisma.$transaction(async (tx) => {
      await create(tx, 'half')
      await bumpAll(tx)
    }),
  'a statement whose error is caught in its transaction': () =>
    prisma.$transaction(async (tx) => {
      await create(tx, 'half')
      await bumpAll(tx).catch(() => undefined)
      await create(tx, 'other half')
    }),
  'a statement among those that share a commit': async () => {
    const [small, large] = await Promise.allSettled([create(prisma, 'small'), bumpAll(prisma)])
    // The line is on the same disk: where the turn of the small one is late, it may find no room to stand in.
    if (small.status === 'fulfilled') acknowledged.push('small')
    if (large.status === 'rejected') throw large.reason
  },
  // New pages need no journal: they are met by COMMIT alone, since the cache may not spill.
  'COMMIT of a statement': () => prisma.scalars.create({ data: { text: text(512) } }),
  'COMMIT of a transaction': () =>
    prisma.$transaction(async (tx) => {
      await create(tx, 'half')
      for (let n = 0; n < 16; n++) await tx.scalars.create({ data: { text: text(32) } })
    }),
  'COMMIT of writes that share one': () =>
    Promise.all(Array.from({ length: 16 }, () => prisma.scalars.create({ data: { text: text(64) } }))),
  'a migration': () => disk.script(`CREATE TABLE filler AS SELECT randomblob(600000) AS x`),
  'a new database': () => {
    disk.fill(0)
    return disk.script('CREATE TABLE t (a)', `${disk.file}-2`)
  },
  'a journal that a stranger took away': () => {
    rmSync(`${disk.file}-journal`)
    disk.fill(0)
    return create(prisma, 'half')
  },
}

const report: Record<string, unknown> = {}
for (const [name, attempt] of Object.entries(attempts)) {
  await create(prisma, 'before')
  // Room for a small journal, and for nothing else.
  disk.fill(64)
  acknowledged = []
  const failed = await outcomeOf(attempt())
  const meanwhile = await state()
  disk.free()
  await create(prisma, 'next')
  const after = await state()
  await prisma.tag.deleteMany()
  report[name] = { failed, acknowledged, meanwhile, after }
}
await prisma.$disconnect()
report['files'] = readdirSync(disk.folder).toSorted()
process.stdout.write(JSON.stringify(report))

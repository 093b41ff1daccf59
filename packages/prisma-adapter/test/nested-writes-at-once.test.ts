import { expect, test } from 'vitest'
import type { PrismaClient } from './generated/prisma/client.js'
import { Workbench } from './support/clients.js'

/** A nested write that Prisma begins with a SELECT, in a transaction that no user asked for. */
const addPost = (prisma: PrismaClient, n: number) => {
  const posts = { create: { title: `post ${n}` } }
  const where = { email: 'same@example.org' }
  return prisma.user.upsert({ where, create: { ...where, posts }, update: { posts } }).then(
    () => 'written',
    ({ code }: { code: string }) => code,
  )
}

const titles = async (prisma: PrismaClient) => (await prisma.post.findMany()).map(({ title }) => title).toSorted()

test("nested writes at once of one process are all written in mode 'immediate'", async () => {
  await using bench = await new Workbench().migrate()
  const prisma = bench.ours()
  const numbers = [0, 1, 2, 3, 4, 5]
  expect(await Promise.all(numbers.map((n) => addPost(prisma, n)))).toEqual(numbers.map(() => 'written'))
  expect(await titles(prisma)).toEqual(numbers.map((n) => `post ${n}`))
})

test("nested writes at once of one process conflict in mode 'deferred': one is written, the others are safe to run again", async () => {
  await using bench = await new Workbench().migrate()
  const prisma = bench.ours({ transactionMode: 'deferred' })
  await addPost(prisma, 0)
  const outcomes = await Promise.all([1, 2, 3].map((n) => addPost(prisma, n)))
  expect(outcomes.toSorted()).toEqual(['P2034', 'P2034', 'written'])
  for (const [index, outcome] of outcomes.entries()) if (outcome === 'P2034') await addPost(prisma, index + 1)
  expect(await titles(prisma)).toEqual([0, 1, 2, 3].map((n) => `post ${n}`))
})

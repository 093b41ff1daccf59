// Run with mounts of its own: reads and writes a file system that becomes read-only, and writable again.
import { integrity, outcomeOf, SmallDisk } from './on-tmpfs.js'

const disk = new SmallDisk(8 * 1024)
await disk.migrate()
const prisma = disk.client()

const attempts = {
  read: () => prisma.tag.count(),
  'raw read': () => prisma.$queryRaw`SELECT count(*) AS count FROM Tag`,
  write: () => prisma.tag.create({ data: { name: 'half' } }),
  batch: () => prisma.$transaction([prisma.tag.create({ data: { name: 'half' } })]),
  'nested write': () => prisma.user.create({ data: { email: 'half', profile: { create: { bio: '' } } } }),
  transaction: () => prisma.$transaction((tx) => tx.tag.create({ data: { name: 'half' } })),
  migration: () => disk.script('CREATE TABLE half (a)'),
}

const report: Record<string, unknown> = {}
for (const round of ['while it only reads', 'after it has written']) {
  await prisma.tag.count()
  // The kernel lets no file system become read-only while somebody has a file open for writing.
  if (round === 'after it has written') await prisma.$disconnect()
  disk.remount('ro')
  const readOnly: Record<string, unknown> = {}
  for (const [name, attempt] of Object.entries(attempts)) readOnly[name] = await outcomeOf(attempt())
  disk.remount('rw')
  const next = await outcomeOf(prisma.tag.create({ data: { name: round } }))
  const tags = (await prisma.tag.findMany()).map(({ name }) => name)
  report[round] = { readOnly, next, tags, integrity: await integrity(prisma) }
}
await prisma.$disconnect()
process.stdout.write(JSON.stringify(report))

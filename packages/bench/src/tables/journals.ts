import { perSecondText } from '../comparison.js'
import { CONTESTANTS, type ContestantName, notesOnContestants, OURS, openAdapter } from '../contestants.js'
import { PrismaClient } from '../generated/prisma/client.js'
import { contestant, ratioText, sideBySide } from '../measure.js'
import { settingsOf } from '../settings.js'
import type { Bench } from '../table.js'

/** How the others may write, beside their default. */
const SETTINGS = [undefined, ['journal_mode=PERSIST'], ['journal_mode=WAL', 'synchronous=FULL']]

const create = (prisma: PrismaClient) =>
  prisma.order.create({ data: { customerId: 1 + Math.floor(Math.random() * 100), status: 'open', total: 12.5 } })

/** What the others gain who set their journal: like with like, and what a network file system can't have. */
export const journals: Bench = {
  name: 'journals',
  title: "One create, by the others' journal",
  async run(context) {
    const entries: { name: ContestantName; pragmas: readonly string[] }[] = CONTESTANTS.flatMap((name) =>
      (name === OURS ? [undefined] : SETTINGS).map((pragmas = []) => ({ name, pragmas })),
    )
    const clients: PrismaClient[] = []
    const contestants = []
    for (const { name, pragmas } of entries) {
      const prisma = new PrismaClient({ adapter: await openAdapter(name, context.folder(), { orders: 2000 }) })
      clients.push(prisma)
      for (const pragma of pragmas) await prisma.$queryRawUnsafe(`PRAGMA ${pragma}`)
      contestants.push(contestant(`${name}, ${await settingsOf(prisma)}`, () => create(prisma)))
    }
    const result = await sideBySide(contestants, context.short ? { rounds: 5, turnMs: 30 } : { rounds: 60, turnMs: 60 })
    await Promise.all(clients.map((prisma) => prisma.$disconnect()))
    const [ours, ...others] = contestants.map(({ name }) => name)
    return {
      title: journals.title,
      columns: ['creates, /s', 'ours has times as many'],
      rows: [ours!, ...others].map((name) => ({
        what: name,
        cells: [perSecondText(result.perSecond(name)), name === ours ? '' : ratioText(result.ratio(ours!, name))],
        target: '',
        holds: undefined,
      })),
      notes: [
        'Like with like is PERSIST with FULL. WAL needs memory that all its processes share, so that it does not work on a network file system (https://www.sqlite.org/wal.html). With `synchronous=NORMAL`, which better-sqlite3 sets in WAL mode if it is not told otherwise, it would be faster by far, and may lose acknowledged writes where the power fails: it is not measured.',
        'The adapters have no option for it: the PRAGMA was sent as a query. What adapter-libsql was told so it forgets with its first transaction, which takes the connection along.',
        ...notesOnContestants,
      ],
    }
  },
}

import { CONTESTANTS } from '../contestants/contestants.js'
import { comparison, EACH_PEER, measureEach } from '../race/comparison.js'
import { inEach, race } from '../race/contestant-process.js'
import type { Bench } from '../report/table.js'

/** What is measured once more, one in each turn, where nothing comes after it that goes on under its lease. */
const ALONE = ['create', 'update', 'interactive transaction, a read and three writes']

/** What a write costs who calls Prisma's client, on a disk that has to say that it has it. */
export const clientWrites: Bench = {
  name: 'client-writes',
  title: 'Writes through PrismaClient, one after the other',
  run: (context) =>
    race(context, inEach('clientWrites'), async (each) => {
      const { settings, run } = each
      const pace = context.short ? { rounds: 15, turnMs: 20, warmUpMs: 100 } : { rounds: 60, turnMs: 60 }
      const measured = await measureEach(context, each, pace, () => EACH_PEER)
      for (const what of context.short ? [] : ALONE) {
        context.say(`${what}, alone`)
        const result = await run(what, { rounds: 200, turnMs: 0 })
        measured.push({ what: `${what}, alone`, result, targets: EACH_PEER })
      }
      return comparison({
        name: clientWrites.name,
        title: clientWrites.title,
        contestants: CONTESTANTS,
        measured,
        notes: [
          "Ours under `lease: 'local'`. Who is answered and writes on goes on under the same lease, so that writes one after the other take it once or twice in a turn of tens of them.",
          'Alone: one in each turn. It takes the lease for itself; it gives it back behind the caller, which is not in its time.',
          `Each adapter as its users get it, which is what the target is for: ${settings.join(', ')}.`,
        ],
      })
    }),
}

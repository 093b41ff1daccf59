import { type Comparison, comparison, EACH_PEER } from '../comparison.js'
import { race } from '../contestant-process.js'
import { CONTESTANTS } from '../contestants.js'
import type { Bench } from '../table.js'

/** What a write costs who calls Prisma's client, on a disk that has to say that it has it. */
export const clientWrites: Bench = {
  name: 'client-writes',
  title: 'Writes through PrismaClient, one after the other',
  run: (context) =>
    race(context, 'clientWrites', async ({ operations, settings, run }) => {
      const measured: Comparison['measured'] = []
      for (const what of operations) {
        context.say(what)
        const result = await run(
          what,
          context.short ? { rounds: 15, turnMs: 20, warmUpMs: 100 } : { rounds: 60, turnMs: 60 },
        )
        measured.push({ what, result, targets: EACH_PEER })
      }
      return comparison({
        name: clientWrites.name,
        title: clientWrites.title,
        contestants: CONTESTANTS,
        measured,
        notes: [
          "Ours under `lease: 'local'`, with the lease taken and given back for each write, as it is in production.",
          `Each adapter as its users get it, which is what the target is for: ${settings.join(', ')}.`,
        ],
      })
    }),
}

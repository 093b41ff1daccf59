import { CONTESTANTS, LIBSQL } from '../contestants/contestants.js'
import { fsyncMs, REAL_FSYNC_MS } from '../machine/disk.js'
import { type Comparison, comparison } from '../race/comparison.js'
import { inEach, race } from '../race/contestant-process.js'
import type { Bench } from '../report/table.js'

/** What many writes cost that one process asks for at the same time, as an HTTP server does. */
export const writesAtOnce: Bench = {
  name: 'writes-at-once',
  title: '100 creates at once from one process',
  run: (context) =>
    race(context, inEach('writesAtOnce'), async ({ run }) => {
      const what = '100 creates'
      const result = await run(
        what,
        context.short ? { rounds: 11, turnMs: 0, warmUpMs: 500 } : { rounds: 9, turnMs: 1000 },
      )
      const waitMs = fsyncMs(context.folder())
      const isReal = waitMs >= REAL_FSYNC_MS
      const measured: Comparison['measured'] = [{ what, result, targets: isReal ? [{ of: LIBSQL, times: 10 }] : [] }]
      return comparison({
        name: writesAtOnce.name,
        title: writesAtOnce.title,
        contestants: CONTESTANTS,
        measured,
        notes: [
          'One operation is all of them. Ours commits together what waits together; each caller is answered for its own.',
          isReal
            ? `A page and its fsync took ${waitMs.toFixed(2)} ms at that time.`
            : `A page and its fsync took ${waitMs.toFixed(3)} ms: that is no disk, and the target is for one.`,
        ],
      })
    }),
}

import { CONTESTANTS, notesOnContestants, OURS } from '../contestants/contestants.js'
import { perSecondText } from '../race/comparison.js'
import { type Entry, inEach, race } from '../race/contestant-process.js'
import { ratioText } from '../race/measure.js'
import type { Bench } from '../report/table.js'

/** What the others gain who set their journal: like with like, and what a network file system can't have. */
export const journals: Bench = {
  name: 'journals',
  title: "One create, by the others' journal",
  run: (context) =>
    race(context, entries(), async ({ settings, run }) => {
      const result = await run('create', context.short ? { rounds: 5, turnMs: 30 } : { rounds: 60, turnMs: 60 })
      return {
        title: journals.title,
        columns: ['creates, /s', 'ours has times as many'],
        rows: entries().map(({ name, contestant }, index) => ({
          what: settings[index]!,
          cells: [
            perSecondText(result.perSecond(name)),
            contestant === OURS ? '' : ratioText(result.ratio(OURS, name)),
          ],
          target: '',
          holds: undefined,
        })),
        notes: [
          'Like with like is PERSIST with FULL. WAL needs memory that all its processes share, so that it does not work on a network file system (https://www.sqlite.org/wal.html). With `synchronous=NORMAL`, which better-sqlite3 sets in WAL mode if it is not told otherwise, it would be faster by far, and may lose acknowledged writes where the power fails: it is not measured.',
          'The adapters have no option for it: the PRAGMA was sent as a query. What adapter-libsql was told so it forgets with its first transaction, which takes the connection along.',
          ...notesOnContestants,
        ],
      }
    }),
}

/** Each with what it is by default, and the others with what they might be. */
const entries = (): Entry<string>[] =>
  CONTESTANTS.flatMap((contestant) => {
    const others = (['createsWithPersist', 'createsWithWal'] as const).map((workload) => {
      return { name: `${contestant}, ${workload}`, contestant, workload }
    })
    return [
      ...inEach('createsAsTheyAre').filter(({ name }) => name === contestant),
      ...(contestant === OURS ? [] : others),
    ]
  })

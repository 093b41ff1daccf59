import { bundleContender } from '../lease/contention-of-processes.js'
import { simulateTakeover, type Takeover, takeOverFromProcess } from '../lease/takeover.js'
import { quantile } from '../race/measure.js'
import type { Bench, Row } from '../report/table.js'

const TTL_MS = 6000
const SKEW_MS = 500
const ALLOWED_MS = TTL_MS + SKEW_MS + 250
const SEEDS = 20
/** More than that around a takeover would be a herd: of requests, in times of those of the wait before it, and of sweeps. */
const MAX_TIMES = 2
const MAX_SWEEPS = 5

/** How soon a holder that was killed is replaced, and what its waiters ask meanwhile. */
export const leaseTakeover: Bench = {
  name: 'lease-takeover',
  title: 'Takeover from a holder that is killed',
  async run(context) {
    const rows: Row[] = []
    for (const waiters of [1, 10, 50]) {
      const takeovers: Takeover[] = []
      for (let seed = 1; seed <= (context.short ? 5 : SEEDS); seed++)
        takeovers.push(await simulateTakeover(waiters, seed))
      rows.push(rowOf(`${waiters} waiting`, 'simulated', takeovers))
    }
    if (!context.short) {
      const program = await bundleContender(context.folder())
      context.say('a process is killed, and 10 wait')
      rows.push(rowOf('10 waiting', 'a process, SIGKILL, once', [await takeOverFromProcess(program, 10)]))
    }
    return {
      title: leaseTakeover.title,
      columns: [
        'measured in',
        'after, median',
        'after, longest',
        'requests a second: waiting',
        'around the takeover',
        'sweeps, most',
      ],
      rows,
      notes: [
        `After: from the holder's last renewal until somebody else has the lease. A lease is ${TTL_MS} ms, and the clocks may be ${SKEW_MS} ms apart. A holder renews when half of it is over, so from its death it takes ${TTL_MS / 2} to ${TTL_MS} ms and ${SKEW_MS} ms.`,
        `Requests are those of all waiters: in the last three seconds of the dead holder's lease, and in the half second around the takeover. Sweeps: how many asked to take the dead one out of the line; one is done, and the others are refused. More than ${MAX_TIMES} times the requests of the wait, or than ${MAX_SWEEPS} sweeps, would go for a herd.`,
        `Simulated: ${SEEDS} deaths at any moment between two renewals, with 5 ms for a round trip.`,
      ],
    }
  },
}

function rowOf(what: string, from: string, takeovers: readonly Takeover[]): Row {
  const longest = (of: (it: Takeover) => number) => Math.max(...takeovers.map(of))
  const afterMs = longest((it) => it.afterMs)
  const waitingPerSecond = longest((it) => it.waitingPerSecond)
  const aroundPerSecond = longest((it) => it.aroundPerSecond)
  const sweeps = longest((it) => it.sweeps)
  return {
    what,
    cells: [
      from,
      `${Math.round(
        quantile(
          takeovers.map((it) => it.afterMs),
          0.5,
        ),
      )} ms`,
      `${Math.round(afterMs)} ms`,
      waitingPerSecond.toFixed(0),
      aroundPerSecond.toFixed(0),
      String(sweeps),
    ],
    target: `at most ${ALLOWED_MS} ms; no herd`,
    holds: afterMs <= ALLOWED_MS && aroundPerSecond <= MAX_TIMES * waitingPerSecond && sweeps <= MAX_SWEEPS,
  }
}

import { bundleContender, contendInProcesses } from '../lease/contention-of-processes.js'
import { mean, type Way, ways } from '../lease/contest.js'
import { simulateContention } from '../lease/simulated-contention.js'
import type { Usage } from '../lease/usage.js'
import { busyShare } from '../machine/machine.js'
import { quantile } from '../race/measure.js'
import type { Chart } from '../report/charts.js'
import type { Bench, Row } from '../report/table.js'

const HOLD_MS = 40
const ROUND_TRIP_MS = 5
const CONTENDERS = [2, 10, 50]
const SIMULATED_MS = 60_000
/** Of the line, and of each peer. */
const REAL_MS = { line: 60_000, peer: 20_000, short: 3000 }
/** Of this machine's processors, to others, and the real processes are still judged. */
const MAX_BUSY_SHARE = 0.2
/** Write units for each acquisition, at the most. */
const WRITE_UNITS: Readonly<Record<number, number>> = { 10: 4, 50: 15 }

/** What one run came to. */
interface Measured {
  way: Way
  contenders: number
  from: string
  forMs: number
  waitsMs: readonly number[]
  heldMs: readonly number[]
  gaveUp: number
  usage: Usage
  roundTripMs: number
  /** Whether it says something of the lease, and not of who else uses this machine. */
  canTell: boolean
}

export const leaseContention: Bench = {
  name: 'lease-contention',
  title: 'Contention for one lease',
  async run(context) {
    const simulated: Measured[] = []
    for (const contenders of CONTENDERS) {
      for (const way of ways) {
        const load = { way, contenders, holdMs: HOLD_MS, roundTripMs: ROUND_TRIP_MS, forMs: SIMULATED_MS }
        simulated.push({ ...load, from: 'simulated', canTell: true, ...(await simulateContention(load)) })
      }
    }
    const rows = simulated.map(rowOf)
    const program = await bundleContender(context.folder())
    const busy = await busyShare(2000)
    const canTell = busy <= MAX_BUSY_SHARE
    for (const contenders of CONTENDERS) {
      for (const way of ways) {
        context.say(`${contenders} processes, ${way}`)
        const forMs = context.short ? REAL_MS.short : way === 'the line' ? REAL_MS.line : REAL_MS.peer
        const order = { way, holdMs: HOLD_MS, forMs }
        const contended = await contendInProcesses(program, contenders, order)
        rows.push(rowOf({ contenders, from: 'processes', canTell, ...order, ...contended }))
      }
    }
    return {
      title: this.title,
      columns: [
        'measured in',
        'held for',
        'round trip',
        'turns a second',
        'of the limit',
        'wait, median',
        'wait, p99',
        'gave up',
        'write units',
        'read units',
      ],
      rows,
      notes: [
        `Each contender takes one turn after the other, and holds the lease for ${HOLD_MS} ms. The limit is one turn in the time for which it was held, and a round trip. Units are for each acquisition, as dynalite reports them.`,
        `"Simulated" is ${SIMULATED_MS / 1000} s of simulated time, the same on every machine: the leasers' own code, on machines that never wait for a processor. The round trip is ${ROUND_TRIP_MS} ms, give or take 40 % on each way.`,
        `"Processes" are real ones with AWS's SDK, the line's for ${REAL_MS.line / 1000} s and the others' for ${REAL_MS.peer / 1000} s, on this machine's cores, which they share with DynamoDB's stand-in. Their limit is of what they measured themselves, by the means: how long they held it (a timer of a busy machine comes late), and how long their requests took, which is 2 ms of delay each way and what the stand-in needs, more for a longer line. Others had ${(busy * 100).toFixed(0)} % of the machine before they began${canTell ? '' : ', so they are not judged'}.`,
        'The peers have no line: who has just had the lock is often the first to ask again. So half of their waits are a round trip, and the slowest ones end without a lease after 5 s.',
        "The target is the line's; the peers' rows are there to compare.",
      ],
      charts: [waits(simulated)],
    }
  },
}

/** The slowest waits of each way, beside one another. */
function waits(measured: readonly Measured[]): Chart {
  const fairMs = ({ contenders }: Measured) => contenders * (HOLD_MS + ROUND_TRIP_MS)
  const series = ways.map((way) => ({
    name: way,
    values: measured.filter((it) => it.way === way).map((it) => quantile(it.waitsMs, 0.99) / fairMs(it)),
  }))
  const said = series.map(({ name, values }) => `${name}: ${values.map((it) => it.toFixed(1)).join(', ')}`)
  return {
    name: leaseContention.name,
    kind: 'bars',
    title: 'The slowest 1 % of waits for the lease',
    unit: 'p99, in times of a whole round of all contenders',
    labels: CONTENDERS.map((contenders) => `${contenders} contenders`),
    series,
    alt: `The 99th percentile of waits, in times of a whole round, with ${CONTENDERS.join(', ')} contenders. ${said.join('; ')}.`,
  }
}

function rowOf({ way, contenders, from, forMs, waitsMs, heldMs, gaveUp, usage, roundTripMs, canTell }: Measured): Row {
  const turns = waitsMs.length
  const holdMs = mean(heldMs)
  const limitMs = holdMs + roundTripMs
  const share = (turns * limitMs) / forMs
  const p99Ms = quantile(waitsMs, 0.99)
  const allowedMs = 1.2 * contenders * limitMs
  const writeUnits = usage.writeUnits / turns
  const allowedUnits = WRITE_UNITS[contenders] ?? Number.POSITIVE_INFINITY
  const isOurs = way === 'the line'
  const target = [
    'at least 90 %',
    `p99 at most ${Math.round(allowedMs)} ms`,
    'nobody gives up',
    ...(Number.isFinite(allowedUnits) ? [`at most ${allowedUnits} write units`] : []),
  ].join('; ')
  return {
    what: `${contenders}: ${way}`,
    cells: [
      from,
      `${holdMs.toFixed(1)} ms`,
      `${roundTripMs.toFixed(1)} ms`,
      ((turns / forMs) * 1000).toFixed(1),
      `${(share * 100).toFixed(0)} %`,
      `${Math.round(quantile(waitsMs, 0.5))} ms`,
      `${Math.round(p99Ms)} ms`,
      String(gaveUp),
      writeUnits.toFixed(1),
      (usage.readUnits / turns).toFixed(1),
    ],
    target: isOurs && canTell ? target : '',
    holds:
      isOurs && canTell ? share >= 0.9 && p99Ms <= allowedMs && gaveUp === 0 && writeUnits <= allowedUnits : undefined,
  }
}

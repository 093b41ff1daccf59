import { growLine } from '../lease/growing-line.js'
import { simulateContention } from '../lease/simulated-contention.js'
import type { Bench, Row } from '../report/table.js'

const HOLD_MS = 40
const ROUND_TRIP_MS = 5
const FOR_MS = 60_000
const LENGTHS = [2, 5, 10, 13, 14, 25, 50, 75, 100]

/** What one lease costs as more of them wait. */
export const leaseWaiters: Bench = {
  name: 'lease-waiters',
  title: 'The cost of one lease as its waiters grow',
  async run(context) {
    const sizes = await growLine(100)
    const rows: Row[] = []
    const turnsMs: number[] = []
    const turnsByDefaultMs: number[] = []
    const lengths = context.short ? [2, 50] : LENGTHS
    for (const inLine of lengths) {
      const load = {
        way: 'the line',
        contenders: inLine,
        holdMs: HOLD_MS,
        roundTripMs: ROUND_TRIP_MS,
        forMs: FOR_MS,
      } as const
      const patient = await simulateContention({ ...load, timeoutMs: 30_000 })
      const byDefault = await simulateContention(load)
      const turnMs = FOR_MS / patient.waitsMs.length
      const byDefaultMs = FOR_MS / byDefault.waitsMs.length
      turnsMs.push(turnMs)
      turnsByDefaultMs.push(byDefaultMs)
      const { bytes, writeUnits } = sizes[inLine - 1]!
      rows.push({
        what: `${inLine} in line`,
        cells: [
          String(bytes),
          String(writeUnits),
          (patient.usage.writeUnits / patient.waitsMs.length).toFixed(1),
          `${turnMs.toFixed(1)} ms`,
          `${byDefaultMs.toFixed(1)} ms`,
          String(byDefault.gaveUp),
        ],
        target: 'flat',
        holds: turnMs <= 1.05 * turnsMs[0]! && byDefaultMs <= 1.05 * turnsByDefaultMs[0]!,
      })
    }
    const steps = sizes.filter(({ writeUnits }, i) => i > 0 && writeUnits > sizes[i - 1]!.writeUnits)
    const perEntry = (sizes.at(-1)!.bytes - sizes[0]!.bytes) / (sizes.length - 1)
    return {
      title: leaseWaiters.title,
      columns: [
        'item, bytes',
        'write units of a join',
        'of an acquisition',
        'one turn',
        'by the default wait',
        'gave up',
      ],
      rows,
      notes: [
        `Simulated, ${FOR_MS / 1000} s each: the lease is held for ${HOLD_MS} ms, a round trip is ${ROUND_TRIP_MS} ms. The verdict is about the time of one turn, by either wait: within 5 % of the first row. Who waits does so for up to 30 s; in the last two columns for 5 s, which is the default, and with 100 in line about as long as a wait takes.`,
        `Write units are not flat, and can't be in one item: each contender adds ${perEntry.toFixed(0)} bytes (by dynalite's count, with names as long as on Lambda), and DynamoDB bills every write by the whole item, a unit for each KB. Another unit begins with ${steps.map(({ inLine }) => inLine).join(', ')} in line. An acquisition is a join, a leave, and the renewals of a long wait.`,
      ],
      charts: [
        {
          name: leaseWaiters.name,
          kind: 'lines',
          title: 'One turn under the lease, as more of them wait',
          unit: `milliseconds, of which it is held for ${HOLD_MS}`,
          labels: lengths.map(String),
          series: [
            { name: 'who waits for up to 30 s', values: turnsMs },
            { name: 'for 5 s, the default', values: turnsByDefaultMs },
          ],
          alt: `The time of one turn with ${lengths.join(', ')} in line: ${turnsMs.map((it) => it.toFixed(1)).join(', ')} ms; where they wait for 5 s: ${turnsByDefaultMs.map((it) => it.toFixed(1)).join(', ')} ms.`,
        },
      ],
    }
  },
}

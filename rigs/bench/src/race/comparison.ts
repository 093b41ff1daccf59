import { type ContestantName, LIBSQL, notesOnContestants, OURS, PEERS } from '../contestants/contestants.js'
import type { Context, Row, Table } from '../report/table.js'
import type { Race } from './contestant-process.js'
import { type Pace, type Ratio, ratioText, type SideBySide } from './measure.js'

/** At least so many times the throughput of another contestant. */
export interface Target {
  of: ContestantName
  times: number
}

/** Operations that adapters did side by side. */
export interface Comparison {
  name: string
  title: string
  contestants: readonly ContestantName[]
  measured: { what: string; result: SideBySide<ContestantName>; targets: readonly Target[] }[]
  notes: readonly string[]
}

/** At least the throughput of each of Prisma's own. */
export const EACH_PEER: readonly Target[] = PEERS.map((of) => ({ of, times: 1 }))

/** Measures all that the contestants of a race can do, one after the other. */
export async function measureEach(
  { say }: Pick<Context, 'say'>,
  { operations, run }: Pick<Race<ContestantName>, 'operations' | 'run'>,
  pace: Pace,
  targetsOf: (what: string) => readonly Target[],
): Promise<Comparison['measured']> {
  const measured: Comparison['measured'] = []
  for (const what of operations) {
    say(what)
    measured.push({ what, result: await run(what, pace), targets: targetsOf(what) })
  }
  return measured
}

/** The table of a comparison: how often in a second, and how many times as often as each other. */
export function comparison({ name, title, contestants, measured, notes }: Comparison): Table {
  const peers = PEERS.filter((peer) => contestants.includes(peer))
  const rows = measured.map(({ what, result, targets }): Row => {
    const reached = targets
      .filter(({ of }) => contestants.includes(of))
      .map(({ of, times }) => ({ ratio: result.ratio(OURS, of), times }))
    return {
      what,
      cells: [
        ...contestants.map((contestant) => perSecondText(result.perSecond(contestant))),
        ...peers.map((peer) => ratioText(result.ratio(OURS, peer))),
      ],
      target: targetText(targets),
      holds: verdict(reached),
      ...(reached.length > 0 && { reached: Math.min(...reached.map(({ ratio, times }) => ratio.high / times)) }),
    }
  })
  return {
    title,
    columns: [...contestants.map((contestant) => `${contestant}, /s`), ...peers.map((peer) => `times ${peer}`)],
    rows,
    notes: [...notes, ...timeoutsOf(measured), ...notesOnContestants],
    charts: [
      {
        name,
        kind: 'bars',
        title,
        unit: `throughput, adapter-libsql = 1`,
        labels: measured.map(({ what }) => what),
        series: contestants.map((contestant) => ({
          name: contestant,
          values: measured.map(({ result }) => result.ratio(contestant, LIBSQL).median),
        })),
        alt: `${title}: ${measured.map(({ what, result }) => `${what} ${result.ratio(OURS, LIBSQL).median.toFixed(1)} times adapter-libsql`).join('; ')}.`,
      },
    ],
  }
}

/** Undefined where one of them reaches from one side of its target to the other, and none is wholly below. */
function verdict(ratios: readonly { ratio: Ratio; times: number }[]): boolean | undefined {
  if (ratios.some(({ ratio, times }) => ratio.high < times)) return false
  return ratios.length > 0 && ratios.every(({ ratio, times }) => ratio.low >= times) ? true : undefined
}

function timeoutsOf(measured: Comparison['measured']): string[] {
  return measured.flatMap(({ what, result: { timeouts } }) =>
    [...new Set(timeouts)].map((name) => {
      const times = timeouts.filter((it) => it === name).length
      return `${what}: ${name} waited in vain ${times} times (P1008 or P2028 after two seconds). These operations do not count, their time does.`
    }),
  )
}

/** `12,345`, or `12.3`. */
export const perSecondText = (rate: number) => (rate < 100 ? rate.toFixed(1) : Math.round(rate).toLocaleString('en'))

function targetText(targets: readonly Target[]): string {
  const [first] = targets
  if (!first) return ''
  if (targets.length > 1) return first.times === 1 ? 'each at least 1' : `each at least ${first.times}`
  return `at least ${first.times} times ${first.of}`
}

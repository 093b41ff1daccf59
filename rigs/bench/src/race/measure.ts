/** What came of doing one operation again and again for a while. */
export interface Turn {
  operationsPerSecond: number
  /** How often it waited in vain: that operation does not count, but its time does. */
  timeouts: number
}

/** Who takes part in a measurement. */
export interface Contestant<Name extends string = string> {
  name: Name
  turn(turnMs: number): Promise<Turn>
}

/** One that does an operation in this process. */
export const contestant = <Name extends string>(name: Name, operation: () => Promise<unknown>): Contestant<Name> => ({
  name,
  turn: (turnMs) => takeTurn(operation, turnMs),
})

/** How long a measurement takes: each contestant has a turn in every round. */
export interface Pace {
  rounds: number
  turnMs: number
  /** How long each does it before the first round. @default turnMs */
  warmUpMs?: number
}

/** The median of the rounds' ratios, and between what that median is, with a confidence of 95%. */
export interface Ratio {
  median: number
  low: number
  high: number
}

/** The operations in a second of each contestant, round by round. */
export class SideBySide<Name extends string> {
  readonly #rates: ReadonlyMap<Name, readonly number[]>
  /** Who waited in vain, once for each time: that operation does not count, but its time does. */
  readonly timeouts: readonly Name[]

  constructor(rates: ReadonlyMap<Name, readonly number[]>, timeouts: readonly Name[]) {
    this.#rates = rates
    this.timeouts = timeouts
  }

  /** Operations in a second: the median of the rounds. */
  perSecond(name: Name): number {
    return quantile(this.#of(name), 0.5)
  }

  /** How many times the throughput of another one has: of neighbours in time, so that what slows the machine slows both. */
  ratio(name: Name, other: Name): Ratio {
    const others = this.#of(other)
    return medianOf(this.#of(name).map((rate, round) => rate / others[round]!))
  }

  #of(name: Name): readonly number[] {
    const rates = this.#rates.get(name)
    if (!rates) throw new Error(`${name} took no part in this measurement`)
    return rates
  }
}

/**
 * Has contestants do their operation in turn, in rounds, each in an order of its own: a disk has something left to do for whoever was
 * before. Before them each warms up.
 */
export async function sideBySide<Name extends string>(
  contestants: readonly Contestant<Name>[],
  { rounds, turnMs, warmUpMs = turnMs }: Pace,
): Promise<SideBySide<Name>> {
  const rates = new Map(contestants.map(({ name }) => [name, [] as number[]]))
  const timeouts: Name[] = []
  const turnOf = async (contestant: Contestant<Name>, ms = turnMs): Promise<number> => {
    const turn = await contestant.turn(ms)
    for (let count = 0; count < turn.timeouts; count++) timeouts.push(contestant.name)
    return turn.operationsPerSecond
  }
  for (const contestant of contestants) await turnOf(contestant, warmUpMs)
  for (let round = 0; round < rounds; round++) {
    for (const contestant of shuffled(contestants)) rates.get(contestant.name)!.push(await turnOf(contestant))
  }
  return new SideBySide(rates, timeouts)
}

function shuffled<T>(values: readonly T[]): T[] {
  const left = [...values]
  return values.map(() => left.splice(Math.floor(Math.random() * left.length), 1)[0]!)
}

/** Does the operation once at the least, and until the time is up. */
export async function takeTurn(operation: () => Promise<unknown>, turnMs: number): Promise<Turn> {
  const start = performance.now()
  let operations = 0
  let timeouts = 0
  let elapsedMs: number
  do {
    try {
      await operation()
      operations++
    } catch (error) {
      if (!isTimeout(error)) throw error
      timeouts++
    }
    elapsedMs = performance.now() - start
  } while (elapsedMs < turnMs || operations === 0)
  return { operationsPerSecond: (operations / elapsedMs) * 1000, timeouts }
}

/** What Prisma says where its two seconds for the begin of a transaction are over: a disk may stand still for as long. */
const isTimeout = (error: unknown) =>
  error instanceof Error && 'code' in error && ['P1008', 'P2028'].includes(error.code as string)

/** With what it lies between. By ranks: nothing is supposed about how values are distributed, and a disk that stalls now and then moves little. */
export function medianOf(values: readonly number[]): Ratio {
  const margin = 0.98 / Math.sqrt(values.length)
  return {
    median: quantile(values, 0.5),
    low: quantile(values, Math.max(0, 0.5 - margin)),
    high: quantile(values, Math.min(1, 0.5 + margin)),
  }
}

/** @param part 0.5 for the median */
export function quantile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  const at = (sorted.length - 1) * part
  const below = sorted[Math.floor(at)]!
  const above = sorted[Math.ceil(at)]!
  return below + (above - below) * (at - Math.floor(at))
}

/** `4.21 (4.05 to 4.40)` */
export const ratioText = ({ median, low, high }: Ratio) =>
  `${median.toFixed(2)} (${low.toFixed(2)} to ${high.toFixed(2)})`

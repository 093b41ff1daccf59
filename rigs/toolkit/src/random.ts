/** Numbers of [0, 1) that a seed determines: mulberry32. */
export function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** Random choices from a seed: the same seed chooses the same. */
export class Random {
  /** A number of [0, 1). */
  readonly random: () => number

  constructor(seed: number) {
    this.random = seeded(seed)
  }

  chance(probability: number): boolean {
    return this.random() < probability
  }

  /** A number from `low` on and below `high`. */
  between(low: number, high: number): number {
    return low + this.random() * (high - low)
  }

  /** A whole number from `low` on and below `high`. */
  whole(low: number, high: number): number {
    return Math.floor(this.between(low, high))
  }

  /** The next time of something that happens every `meanMs` on average. */
  exponentialMs(meanMs: number): number {
    return -Math.log(1 - this.random()) * meanMs
  }

  /** One of several, each as often as its weight says. */
  weighted<T extends string>(weights: Readonly<Record<T, number>>): T {
    const entries = Object.entries(weights) as [T, number][]
    let left = this.random() * entries.reduce((total, [, weight]) => total + weight, 0)
    for (const [choice, weight] of entries) {
      left -= weight
      if (left < 0) return choice
    }
    return entries.at(-1)![0]
  }

  /** One of at least one. */
  pick<T>(...choices: readonly T[]): T {
    return choices[this.whole(0, choices.length)] as T
  }
}

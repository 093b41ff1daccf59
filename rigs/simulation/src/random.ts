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

/** FNV-1a of a text, begun with a number. */
export function hash(start: number, text: string): number {
  let state = (0x811c9dc5 ^ start) | 0
  for (let i = 0; i < text.length; i++) state = Math.imul(state ^ text.charCodeAt(i), 0x01000193)
  return state
}

/**
 * What a seed decides about one thing. Each thing draws from a stream of its own, so that leaving another one out of a
 * run does not change it: a failing run could not be shrunk otherwise.
 */
export class Draws {
  readonly random: () => number

  constructor(seed: number, what: string) {
    this.random = seeded(hash(Math.imul(seed, 0x9e3779b1), what))
  }

  chance(probability: number): boolean {
    return this.random() < probability
  }

  /** A number from `low` on and below `high`. */
  between(low: number, high: number): number {
    return low + this.random() * (high - low)
  }

  whole(low: number, high: number): number {
    return Math.floor(this.between(low, high))
  }

  pick<T>(...choices: [T, ...T[]]): T {
    return choices[Math.floor(this.random() * choices.length)] as T
  }
}

import type { Random } from '@sqlite-efs/toolkit/random'

/** Deals each kind once, in the order in which they are named, and then at random, by weight: a short run, too, has all of them. */
export class Deck<T extends string> {
  readonly #random: Random
  readonly #weights: Readonly<Record<T, number>>
  readonly #first: T[]

  /** @param weights how often each is dealt; 0 for never */
  constructor(random: Random, weights: Readonly<Record<T, number>>) {
    this.#random = random
    this.#weights = weights
    this.#first = (Object.keys(weights) as T[]).filter((kind) => weights[kind] > 0)
  }

  deal(): T {
    return this.#first.shift() ?? this.#random.weighted(this.#weights)
  }
}

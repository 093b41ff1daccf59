import { Random } from '@sqlite-efs/toolkit/random'

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
export class Draws extends Random {
  constructor(seed: number, what: string) {
    super(hash(Math.imul(seed, 0x9e3779b1), what))
  }
}

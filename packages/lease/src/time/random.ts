import { getRandomValues } from 'node:crypto'

/** Randomness as a seam: a number of [0, 1), as from `Math.random`. */
export type Random = () => number

/**
 * The operating system's randomness. Not `Math.random`: machines that were resumed from one snapshot would draw the
 * same nonces.
 */
export const systemRandom: Random = () => {
  const [word = 0] = getRandomValues(new Uint32Array(1))
  return word / 2 ** 32
}

const NONCE_ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567'

/** A fresh identity for one acquisition: 8 characters, 40 bits. */
export function nonce(random: Random): string {
  let text = ''
  for (const letter of random === systemRandom ? systemLetters() : letters(random)) {
    text += NONCE_ALPHABET.charAt(letter % NONCE_ALPHABET.length)
  }
  return text
}

/** Each draw of the operating system's costs some microseconds, and none may be kept for later: see {@link systemRandom}. */
const systemLetters = () => getRandomValues(new Uint8Array(8))

const letters = (random: Random) => Array.from({ length: 8 }, () => Math.floor(random() * NONCE_ALPHABET.length))

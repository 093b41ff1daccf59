/** Randomness as a seam: a number of [0, 1), as from `Math.random`. */
export type Random = () => number

/**
 * The operating system's randomness. Not `Math.random`: machines that were resumed from one snapshot would draw the
 * same nonces.
 */
export const systemRandom: Random = () => {
  const [word = 0] = crypto.getRandomValues(new Uint32Array(1))
  return word / 2 ** 32
}

const NONCE_ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567'

/** A fresh identity for one acquisition: 8 characters, 40 bits. */
export function nonce(random: Random): string {
  return Array.from({ length: 8 }, () => NONCE_ALPHABET.charAt(Math.floor(random() * NONCE_ALPHABET.length))).join('')
}

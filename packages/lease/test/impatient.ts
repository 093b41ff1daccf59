/** A caller that waits as long as it takes to be asked `times` times, some looks long, and then no longer. */
export function impatient(times = 40): () => number {
  let asked = 0
  return () => (++asked < times ? 5000 : 0)
}

/**
 * By how much this machine's wall clock is off for sure, in milliseconds; positive when it is ahead. An HTTP Date has
 * whole seconds and was made somewhere between sending and receiving, so a clock that is off by x is shown to be off by
 * at least x - 1 s, and one that is right never looks wrong.
 */
export function provenSkewMs(dateMs: number, sentWallMs: number, receivedWallMs: number): number {
  const ahead = sentWallMs - (dateMs + 1000)
  if (ahead > 0) return ahead
  const behind = dateMs - receivedWallMs
  return behind > 0 ? -behind : 0
}

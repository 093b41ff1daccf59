/** What becomes of one request. */
export interface Fate {
  /** Until the server applies it. */
  requestMs: number
  /** From there until the answer arrives. */
  answerMs: number
  lost?: 'request' | 'answer'
  /** Applied once more, this much later; nobody hears of it. */
  duplicateAfterMs?: number
  throttled?: boolean
  /** A look shows the line as it was this long ago. */
  staleMs?: number
}

/** Where a request comes from, as far as its fate depends on it. */
export interface Sender {
  readonly name: string
  /** Its true time, which is ahead of the world's while its thread is busy. */
  readonly localMs: number
  /** Adds a line to the trace. */
  note(what: string): void
}

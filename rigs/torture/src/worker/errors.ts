/** What is known of a write that failed. */
export type Outcome =
  /** It promises that nothing was written: what is there all the same is a violation. */
  | 'not-written'
  /** It may have been written, or not; if it was, then whole. */
  | 'unknown'
  /** An error that has no business here, whatever the faults. */
  | 'unexpected'

const NOT_WRITTEN = [
  // docs/errors.md: DynamoDB can't be reached, no turn in time, too many wait, the lease was lost.
  'P1001',
  'P1008',
  'P1010',
  'P2024',
  'P2034',
  'CLOCK_SKEW',
  // Prisma's own: the transaction did not begin or end in time, and was rolled back.
  'P2028',
  // The transaction was over before the statement.
  'P1018',
  // What the workload does to itself on purpose: `rejected` and `abandoned`.
  'P2002',
  'ABANDONED',
]

/** What a failed write's code says, by docs/errors.md. */
export function outcomeOf(code: string): Outcome {
  if (NOT_WRITTEN.includes(code)) return 'not-written'
  return code === 'COMMIT_UNKNOWN' ? 'unknown' : 'unexpected'
}

/** An error as a history keeps it. One without a code is named by its class, and is never expected. */
export function describeError(error: unknown): { code: string; message: string } {
  if (!(error instanceof Error)) return { code: 'UNTYPED', message: String(error) }
  const { code } = error as { code?: unknown }
  const message = error.message.replaceAll(/\s+/g, ' ').trim().slice(-300)
  return { code: typeof code === 'string' ? code : `UNTYPED ${error.name}`, message }
}

/** Something that must not be. */
export interface Violation {
  kind: /** Acknowledged, and not in the file; or there more than once. */
    | 'lost'
    | 'duplicated'
    /** An entry without exactly its two legs, or legs without their entry. */
    | 'half'
    /** In the file, though its error promised that nothing was written. */
    | 'written all the same'
    /** In the file, and nobody ever wanted it so. */
    | 'unknown entry'
    /** The balances do not add up, or not to what the legs say. */
    | 'sum'
    /** A sequence's entries are not in the order in which they were made. */
    | 'order'
    /** The fence in the file went back, or two processes had the same ticket. */
    | 'fence'
    /** SQLite's own checks, or an index that differs from its table. */
    | 'integrity'
    /** A reader saw a state that never was. */
    | 'torn read'
    /** A reader missed what had been acknowledged, or had been read, before it began. */
    | 'stale read'
    /** An error without a documented code. */
    | 'unexpected error'
    /** A process that nobody harmed ended, or did not end. */
    | 'accident'
    /** On Lambda: nobody could write for longer than a dead holder's lease. */
    | 'stall'
    /** On Lambda: an environment in `withLease` was frozen, or at its timeout, with the lease or with locks. */
    | 'left behind'
  detail: string
}

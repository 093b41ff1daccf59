/** What must never be, and was. */
export class Violation extends Error {
  override readonly name = 'Violation'
  readonly rule: Rule
  readonly atMs: number

  constructor(rule: Rule, atMs: number, message: string) {
    super(message)
    this.rule = rule
    this.atMs = atMs
  }
}

export type Rule =
  /** Two contenders hold the lease at once, each by its own clocks. */
  | 'one holder'
  /** Two contenders are between their guard and the end of their COMMIT. */
  | 'one committer'
  /** A COMMIT began or ended under a lease that was lost. */
  | 'a lost lease is noticed'
  /** The ticket in the file went back. */
  | 'the fence never goes back'
  /** A statement was run in a transaction that began under an older ticket than the last that had committed. */
  | 'no older ticket after a newer one'
  /** A COMMIT overwrote what its transaction had not read. */
  | 'no lost update'
  /** A statement's result was given out after another process had committed since its transaction began. */
  | 'nothing stale is given out'
  /** A transaction began while somebody's pages were on their way. */
  | 'nothing torn'
  /** A later ticket was served before. */
  | 'tickets are served in order'
  /** Somebody was taken out of the line who was in nobody's way. */
  | 'nobody is passed over'
  /** What was acknowledged is not in the file once, or what was refused is in it. */
  | 'acknowledged means written'
  /** An invocation had ended in time, and its process had the lease. */
  | 'an invocation leaves nothing behind'
  /** A caller was told of an error that is neither the database's nor the lease's own. */
  | 'every error is typed'
  /** The faults were over, and somebody did not get its turn in time. */
  | 'everyone gets its turn'
  /** The line did not become empty. */
  | 'nobody is left in the line'

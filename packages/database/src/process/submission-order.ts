/** Keeps what was sent in its order, where it takes a moment to tell which way it goes. */
export class SubmissionOrder {
  #last: Promise<void> | undefined

  /** Resolves when all that was sent so far has found its way; undefined where nothing is on it. */
  get underWay(): Promise<void> | undefined {
    return this.#last
  }

  /** Finds the way of one; what must not overtake those before it waits for `before`. */
  async enter<T>(findWay: (before: Promise<void> | undefined) => Promise<T>): Promise<T> {
    const finding = findWay(this.#last)
    const found = finding.then(
      () => {},
      () => {},
    )
    this.#last = found
    try {
      return await finding
    } finally {
      if (this.#last === found) this.#last = undefined
    }
  }
}

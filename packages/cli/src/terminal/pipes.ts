const closed = new AbortController()

/** Aborted once nobody reads stdout any more. */
export const stdoutClosed: AbortSignal = closed.signal

/**
 * Has the process go on where nobody reads what it says any more (`| head`, a terminal that is gone): what was begun is
 * worth more than the word on it, and the exit code still tells.
 */
export function outliveReaders(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error
      if (stream === process.stdout) closed.abort()
    })
  }
}

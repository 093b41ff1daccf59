import { performance } from 'node:perf_hooks'
import type { ContentProgress } from '@sqlite-efs/database/maintenance'
import type { Output } from './output.js'

/** How often a log hears of progress that a terminal would show all the time. */
const SPARSE_MS = 5_000

/** What can tell whether somebody looks at it. */
type Terminal = { write(text: string): unknown; isTTY?: boolean }

/** Shows how far a long operation is: one line that is rewritten on a terminal, a line now and then elsewhere. */
export class ProgressLine {
  readonly #output: Output
  readonly #terminal: Terminal
  readonly #isRewritten: boolean
  #phase: ContentProgress['phase'] | undefined
  #saidAtMs = 0

  /** @param terminal - only tests give another one than stderr */
  constructor(output: Output, terminal: Terminal = process.stderr) {
    this.#output = output
    this.#terminal = terminal
    this.#isRewritten = terminal.isTTY === true && !output.isJson
  }

  report(progress: ContentProgress): void {
    if (this.#isRewritten) {
      this.#terminal.write(`\r\u001b[K${progressText(progress)}`)
      return
    }
    const nowMs = performance.now()
    if (progress.phase === this.#phase && nowMs - this.#saidAtMs < SPARSE_MS) return
    this.#phase = progress.phase
    this.#saidAtMs = nowMs
    this.#output.progress(progress, progressText(progress))
  }

  /** Leaves an empty line for what comes next. */
  end(): void {
    if (this.#isRewritten) this.#terminal.write('\r\u001b[K')
  }
}

export function progressText({ phase, donePages, pages }: ContentProgress): string {
  // Where nothing can be told before the end, there is nothing to count.
  if (donePages === 0 || pages === 0) return `${phase} ...`
  return `${phase}: ${Math.floor((donePages / pages) * 100)} % (${donePages} of ${pages} pages)`
}

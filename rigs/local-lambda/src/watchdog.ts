import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

const SCRIPT = fileURLToPath(new URL('../runtime/watchdog.cjs', import.meta.url))

/** A process that kills environments once this process has ended, in whatever way: it hears of that by the end of its standard input. */
export class Watchdog {
  /** In a process group of its own: a signal to this one's, as Ctrl-C sends it, must not find it before it can ignore it. */
  readonly #process: ChildProcess = spawn(process.execPath, [SCRIPT], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  })

  constructor() {
    // Somebody killed it: from now on nobody watches.
    this.#process.stdin?.on('error', () => undefined)
  }

  watch(pid: number): void {
    this.#process.stdin?.write(`+${pid}\n`)
  }

  forget(pid: number): void {
    this.#process.stdin?.write(`-${pid}\n`)
  }

  /** Ends it, and what it watches. */
  async close(): Promise<void> {
    const hasEnded = this.#process.exitCode !== null || this.#process.signalCode !== null
    this.#process.stdin?.end()
    if (!hasEnded) await once(this.#process, 'exit')
  }
}

import { LocalFunction, type LocalFunctionOptions, LocalLambdaError } from '@sqlite-efs/local-lambda'
import type { Fault } from '../faults/injector.js'
import { hasLock, isStopped, writerOf } from '../faults/moments.js'
import { monotonicMs } from '../worker/history.js'
import type { ErrandEvent } from './errands.js'

/** SIGSTOP takes a moment to come to all threads. */
const STOP_MS = 50

/** When an environment that was frozen went on. */
export interface Thaw {
  at: number
  pid: number
}

/** What a function is. */
export interface WatchedFunctionOptions {
  /** Its environments' logs begin with it. */
  name: string
  /** The bank's file. */
  file: string
  /** Whether its handler is in `withLease`. */
  isLeased: boolean
  lambda: Omit<LocalFunctionOptions, 'environments' | 'log' | 'name'>
}

/** A Lambda function with one environment, and what befalls that. */
export class WatchedFunction implements AsyncDisposable {
  readonly name: string
  readonly isLeased: boolean
  /** How many invocations it has at once. More than one, and it is never frozen. */
  readonly capacity: number
  readonly faults: Fault[] = []
  readonly thaws: Thaw[] = []
  /** What Lambda had no reason to do, or the handler. */
  readonly accidents: string[] = []
  /** How many there were of each errand. */
  readonly invocations: string[] = []
  readonly #file: string
  readonly #timeoutMs: number
  readonly #function: LocalFunction
  readonly #killed = new Set<number>()
  #said = ''

  constructor({ name, file, isLeased, lambda }: WatchedFunctionOptions) {
    this.name = name
    this.isLeased = isLeased
    this.capacity = lambda.invocationsPerEnvironment ?? 1
    this.#file = file
    this.#timeoutMs = lambda.timeoutMs
    this.#function = new LocalFunction({
      ...lambda,
      name,
      environments: 1,
      log: (line) => {
        this.#said = `${this.#said}${line}\n`.slice(-1000)
      },
    })
  }

  /** Has it done, whatever comes of it. */
  async run(event: Omit<ErrandEvent, 'timeoutMs'>): Promise<void> {
    this.invocations.push(event.errand)
    try {
      const { pid, functionError, payload } = await this.#invoke({ ...event, timeoutMs: this.#timeoutMs })
      if (functionError) this.accidents.push(`${this.name}, ${event.errand}: ${JSON.stringify(payload).slice(0, 500)}`)
      this.#noteFreeze(pid)
    } catch (error) {
      this.#noteFailure(event, error)
    }
  }

  /** Lambda takes an environment away when it likes to. */
  kill(): void {
    for (const { pid, state } of this.#function.environments) {
      if (state === 'starting') continue
      this.#killed.add(pid)
      this.#note(state === 'frozen' ? 'kill while frozen' : 'kill at random', pid)
      process.kill(pid, 'SIGKILL')
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#function[Symbol.asyncDispose]()
  }

  /** Whom it thaws is known as soon as it was called. */
  #invoke(event: ErrandEvent) {
    const at = monotonicMs()
    const frozen = this.#frozen()
    const invoked = this.#function.invoke(event)
    const left = this.#frozen()
    for (const pid of frozen) if (!left.includes(pid)) this.thaws.push({ at, pid })
    return invoked
  }

  #frozen(): number[] {
    return this.#function.environments.flatMap(({ pid, state }) => (state === 'frozen' ? [pid] : []))
  }

  /** Called as soon as the invocation is over: who is frozen now will be until the next. */
  #noteFreeze(pid: number): void {
    if (!this.#frozen().includes(pid)) return
    const deadlineMs = performance.now() + STOP_MS
    while (!isStopped(pid) && performance.now() < deadlineMs);
    const isWriter = writerOf(this.#file) === pid
    this.#note(isWriter ? 'freeze in a transaction' : 'freeze after the answer', pid, hasLock(this.#file, pid))
  }

  #noteFailure({ errand }: Pick<ErrandEvent, 'errand'>, error: unknown): void {
    const { code, pid, message } = error as LocalLambdaError
    const isTimeout = error instanceof LocalLambdaError && code === 'TIMED_OUT'
    if (isTimeout && pid !== undefined) {
      // On Managed Instances nothing is killed.
      if (this.capacity === 1) this.#note('kill at its timeout', pid)
      return
    }
    if (pid !== undefined && this.#killed.has(pid)) return
    this.accidents.push(`${this.name}, ${errand}: ${message}; it said: ${this.#said}`)
  }

  #note(kind: Fault['kind'], pid: number, isLocking = false): void {
    this.faults.push({ at: monotonicMs(), kind, name: `${this.name}-${pid}`, pid, ...(isLocking && { isLocking }) })
  }
}

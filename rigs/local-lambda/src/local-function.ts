import { Environment, type EnvironmentState } from './environment.js'
import { LocalLambdaError } from './errors.js'
import { Invocation, type Invoked, type InvokeOptions } from './invocation.js'
import { type LocalFunctionOptions, type Settings, toSettings } from './options.js'
import { Watchdog } from './watchdog.js'

/** What there is to know of an environment. */
export interface EnvironmentInfo {
  /** Its process. */
  readonly pid: number
  /** What it does at the moment. */
  readonly state: EnvironmentState
  /** Its `AWS_LAMBDA_LOG_STREAM_NAME`, by which a handler may call itself. */
  readonly logStreamName: string
}

/**
 * A Lambda function on this machine. Its environments are processes that run Amazon's own runtime loop; each has one
 * invocation at a time, is frozen by SIGSTOP as soon as its runtime asks for the next one, thawed by SIGCONT when there is one,
 * and killed by SIGKILL at `timeoutMs`. None outlives this process, however that ends.
 */
export class LocalFunction implements AsyncDisposable {
  readonly #settings: Settings
  readonly #watchdog = new Watchdog()
  /** The one that has rested longest comes first. */
  readonly #environments = new Set<Environment>()
  readonly #queue: Invocation[] = []
  #isClosed = false

  /** @throws LocalLambdaError `CONFIGURATION`, which names the option and its value. */
  constructor(options: LocalFunctionOptions) {
    this.#settings = toSettings(options)
  }

  /**
   * Has the environment answer that has rested longest; starts one where none is free; waits while all are busy.
   * An error that the handler throws is part of what this resolves with.
   *
   * @param event - what JSON.stringify takes
   * @throws LocalLambdaError `TIMED_OUT`, `ENVIRONMENT_DIED`, `INIT_FAILED` or `CLOSED`
   */
  async invoke(event: unknown, options: InvokeOptions = {}): Promise<Invoked> {
    if (this.#isClosed) throw closed()
    const invocation = new Invocation(event, options)
    this.#queue.push(invocation)
    this.#assign()
    return invocation.done
  }

  /** Those that there are. */
  get environments(): readonly EnvironmentInfo[] {
    return [...this.#environments].flatMap(({ pid, state, logStreamName }) =>
      pid === undefined ? [] : { pid, state, logStreamName },
    )
  }

  /** Ends all environments; invocations that are under way fail with `CLOSED`. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true
    for (const invocation of this.#queue.splice(0)) invocation.reject(closed())
    const environments = [...this.#environments]
    for (const environment of environments) environment.kill(closed())
    await Promise.all(environments.map(({ ended }) => ended))
    await this.#watchdog.close()
  }

  /** Gives what waits to who has room. */
  #assign(): void {
    for (const environment of this.#environments) this.#feed(environment)
    while (this.#queue.length > 0 && this.#environments.size < this.#settings.environments) {
      this.#feed(this.#start(this.#settings.initTimeoutMs))
    }
  }

  #feed(environment: Environment): void {
    while (environment.hasRoom) {
      const invocation = this.#queue.shift()
      if (!invocation) return
      this.#environments.delete(environment)
      this.#environments.add(environment)
      environment.run(invocation)
    }
  }

  #start(initTimeoutMs: number, isSecondAttempt = false): Environment {
    const environment = new Environment(this.#settings, this.#watchdog, initTimeoutMs, {
      hasRoom: (each) => this.#feed(each),
      initFailed: (each, error, waiting) => {
        this.#environments.delete(each)
        // Lambda starts the function once more, as a part of the invocation.
        const next = isSecondAttempt || this.#isClosed ? undefined : this.#start(this.#settings.timeoutMs, true)
        for (const invocation of waiting) {
          if (next) next.run(invocation)
          else invocation.reject(error)
        }
      },
      ended: (each) => {
        this.#environments.delete(each)
        if (!this.#isClosed) this.#assign()
      },
    })
    this.#environments.add(environment)
    return environment
  }
}

function closed(): LocalLambdaError {
  return new LocalLambdaError('CLOSED', 'the function was disposed of')
}

import type { ChildProcess } from 'node:child_process'
import { type Ending, startProcess } from './environment-process.js'
import { arnOf, newLogStreamName } from './environment-variables.js'
import { type ErrorPayload, exited, LocalLambdaError, lambdaError, timedOut } from './errors.js'
import type { Invocation } from './invocation.js'
import type { Settings } from './options.js'
import { type Question, RuntimeApi } from './runtime-api.js'
import type { Watchdog } from './watchdog.js'

/** `idle` is what an environment of Managed Instances is without invocations; any other is frozen then. */
export type EnvironmentState = 'starting' | 'busy' | 'frozen' | 'idle'

/** What becomes of an environment, as the pool of them hears of it. */
export interface EnvironmentListener {
  /** It has room for an invocation. Without one for it, it is frozen. */
  hasRoom(environment: Environment): void
  /** It could not be started; `waiting` are the invocations that it was started for. `ended` follows. */
  initFailed(environment: Environment, error: LocalLambdaError, waiting: readonly Invocation[]): void
  /** Its process is gone. */
  ended(environment: Environment): void
}

/** An execution environment: a process, its Runtime API, and the invocations in it. */
export class Environment {
  /** Resolves when the process is gone and everybody has heard of it. */
  readonly ended: Promise<void>
  readonly logStreamName = newLogStreamName()
  readonly #settings: Settings
  readonly #listener: EnvironmentListener
  readonly #watchdog: Watchdog
  readonly #api: RuntimeApi
  /** Whether it is frozen when it has nothing to do, and has one invocation at a time. */
  readonly #isOnDemand: boolean
  /** Given to this environment, and not yet to its runtime. */
  readonly #waiting: Invocation[] = []
  readonly #questions: Question[] = []
  /** On demand an invocation that was answered stays until the runtime asks for the next: what was left unawaited runs until then. */
  readonly #running = new Map<string, { invocation: Invocation; timer: NodeJS.Timeout }>()
  #process: ChildProcess | undefined
  #state: EnvironmentState = 'starting'
  #hasServed = false
  #isKilled = false
  /** Why the rest of its invocations fail, if it is not by itself that it ends. */
  #killedFor: LocalLambdaError | undefined
  #initError: ErrorPayload | undefined
  #initTimer: NodeJS.Timeout | undefined

  /** @param initTimeoutMs - so long it may take until its runtime asks for the first invocation */
  constructor(settings: Settings, watchdog: Watchdog, initTimeoutMs: number, listener: EnvironmentListener) {
    this.#settings = settings
    this.#isOnDemand = settings.invocationsPerEnvironment === 1
    this.#watchdog = watchdog
    this.#listener = listener
    this.#api = new RuntimeApi({
      asked: (question) => this.#asked(question),
      withdrew: (question) => this.#withdrew(question),
      initFailed: (error) => {
        this.#initError = error
      },
      knows: (requestId) => this.#running.has(requestId),
      responded: (requestId, body) => this.#answered(requestId, (invocation) => invocation.respond(JSON.parse(body))),
      failed: (requestId, error) => this.#answered(requestId, (invocation) => invocation.fail(error)),
      streamed: (requestId, piece, type) => this.#running.get(requestId)?.invocation.stream(piece, type),
      streamEnded: (requestId, type, error) =>
        this.#answered(requestId, (invocation) => invocation.endStream(type, error)),
    })
    this.ended = this.#live(initTimeoutMs)
  }

  get pid(): number | undefined {
    return this.#process?.pid
  }

  get state(): EnvironmentState {
    return this.#state
  }

  get hasRoom(): boolean {
    return !this.#isKilled && this.#load < this.#settings.invocationsPerEnvironment
  }

  /** Its runtime gets the invocation as soon as it asks for one. */
  run(invocation: Invocation): void {
    this.#waiting.push(invocation)
    this.#deliver()
  }

  /** @param error - what its invocations fail with */
  kill(error?: LocalLambdaError): void {
    this.#isKilled = true
    this.#killedFor ??= error
    this.#process?.kill('SIGKILL')
  }

  get #load(): number {
    return this.#waiting.length + this.#running.size
  }

  async #live(initTimeoutMs: number): Promise<void> {
    const ending = await this.#run(initTimeoutMs).catch((error: Error) => ({ code: null, signal: null, error }))
    this.#isKilled = true
    this.#api.close()
    if (this.#state === 'starting') this.#failInit(ending)
    else this.#failInvocations(ending)
    this.#listener.ended(this)
  }

  async #run(initTimeoutMs: number): Promise<Ending> {
    const runtimeApi = await this.#api.listen()
    if (this.#isKilled) return { code: null, signal: 'SIGKILL' }
    const { child, ending } = startProcess(this.#settings, { runtimeApi, logStreamName: this.logStreamName })
    this.#process = child
    const { pid } = child
    if (pid === undefined) return ending
    this.#watchdog.watch(pid)
    this.#initTimer = setTimeout(() => {
      this.kill(lambdaError('TIMED_OUT', timedOut(this.#waiting[0]?.requestId ?? '', initTimeoutMs), pid))
    }, initTimeoutMs)
    const how = await ending
    clearTimeout(this.#initTimer)
    this.#watchdog.forget(pid)
    return how
  }

  #asked(question: Question): void {
    clearTimeout(this.#initTimer)
    this.#questions.push(question)
    this.#state = 'busy'
    this.#goOn()
  }

  #withdrew(question: Question): void {
    const index = this.#questions.indexOf(question)
    if (index >= 0) this.#questions.splice(index, 1)
  }

  #deliver(): void {
    while (this.#questions.length > 0) {
      const invocation = this.#waiting.shift()
      if (!invocation) return
      const { requestId, body } = invocation
      const { timeoutMs } = this.#settings
      const timer = setTimeout(() => this.#timeOut(requestId), timeoutMs)
      this.#running.set(requestId, { invocation, timer })
      invocation.start(this.pid ?? 0, !this.#hasServed)
      this.#hasServed = true
      if (this.#state === 'frozen') this.#process?.kill('SIGCONT')
      this.#state = 'busy'
      const functionArn = arnOf(this.#settings)
      this.#questions.shift()?.answer({ requestId, body, deadlineMs: Date.now() + timeoutMs, functionArn })
    }
  }

  /** Takes what there is to do, or has nothing to do. */
  #rest(): void {
    if (this.hasRoom) this.#listener.hasRoom(this)
    if (this.#load > 0 || this.#isKilled) return
    this.#state = this.#isOnDemand ? 'frozen' : 'idle'
    if (this.#isOnDemand) this.#process?.kill('SIGSTOP')
  }

  #answered(requestId: string, tell: (invocation: Invocation) => void): void {
    const running = this.#running.get(requestId)
    if (!running) return
    tell(running.invocation)
    this.#goOn()
  }

  /**
   * On demand an invocation is over when the runtime has answered and asked for the next, which may come first where it streams.
   * Only then the caller hears of it: who calls again at once finds the environment free.
   */
  #goOn(): void {
    for (const [requestId, { invocation, timer }] of this.#running) {
      if (!invocation.isAnswered || (this.#isOnDemand && this.#questions.length === 0)) continue
      clearTimeout(timer)
      this.#running.delete(requestId)
      invocation.settle()
    }
    this.#deliver()
    this.#rest()
  }

  #timeOut(requestId: string): void {
    const error = lambdaError('TIMED_OUT', timedOut(requestId, this.#settings.timeoutMs), this.pid)
    if (this.#isOnDemand) this.kill(error)
    // Managed Instances enforce nothing: the handler goes on, and its answer finds nobody.
    else this.#running.get(requestId)?.invocation.reject(error)
  }

  #failInit(ending: Ending): void {
    const { pid } = this
    const waiting = this.#waiting.splice(0)
    const payload = this.#initError ?? exited(waiting[0]?.requestId ?? '', ending.code, ending.signal)
    const error = ending.error
      ? new LocalLambdaError('INIT_FAILED', `${this.#settings.node} can't be started: ${ending.error.message}`)
      : lambdaError('INIT_FAILED', payload, pid)
    this.#listener.initFailed(this, this.#killedFor ?? error, waiting)
  }

  #failInvocations({ code, signal }: Ending): void {
    const started = [...this.#running.values()]
    for (const { timer } of started) clearTimeout(timer)
    for (const invocation of [...started.map(({ invocation }) => invocation), ...this.#waiting.splice(0)]) {
      const died = lambdaError('ENVIRONMENT_DIED', exited(invocation.requestId, code, signal), this.pid)
      invocation.reject(this.#killedFor ?? died)
    }
  }
}

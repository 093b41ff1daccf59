import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda'

const WORKER = fileURLToPath(new URL('worker.ts', import.meta.url))

/** The instance died before it answered: whether it did what it was asked is not known. */
export class InstanceDied extends Error {}

interface Invocation {
  event: APIGatewayProxyEventV2
  resolve(answer: { result: APIGatewayProxyStructuredResultV2; tookMs: number }): void
  reject(error: Error): void
}

/** Instances of the function. As on Lambda each gets one invocation at a time; what comes beyond that waits. */
export class Workers implements AsyncDisposable {
  readonly #env: NodeJS.ProcessEnv
  readonly #alive = new Set<ChildProcess>()
  readonly #idle: ChildProcess[] = []
  readonly #queue: Invocation[] = []

  constructor(env: NodeJS.ProcessEnv) {
    this.#env = env
  }

  /** Starts one and resolves with its process id when it takes invocations. */
  async start(): Promise<number> {
    const child = fork(WORKER, {
      execArgv: ['--conditions=@sqlite-efs/source', '--import', 'tsx'],
      env: this.#env,
      // Its standard output is the function's log, where CloudWatch finds the metrics.
      stdio: ['inherit', 'ignore', 'inherit', 'ipc'],
    })
    this.#alive.add(child)
    child.once('exit', () => this.#alive.delete(child))
    const [ready] = await Promise.race([
      once(child, 'message'),
      once(child, 'exit').then(([code]) => {
        throw new Error(`a worker ended before it was ready, with exit code ${String(code)}`)
      }),
    ])
    if (ready !== 'ready' || child.pid === undefined) throw new Error('a worker did not say that it is ready')
    this.#idle.push(child)
    this.#next()
    return child.pid
  }

  /** Has the next free instance answer. `tookMs` is the invocation alone, without the wait for an instance. */
  invoke(event: APIGatewayProxyEventV2): Promise<{ result: APIGatewayProxyStructuredResultV2; tookMs: number }> {
    return new Promise((resolve, reject) => {
      this.#queue.push({ event, resolve, reject })
      this.#next()
    })
  }

  get pids(): number[] {
    return [...this.#alive].flatMap(({ pid }) => pid ?? [])
  }

  /** Ends all of them the hard way, and waits until they are gone. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(
      [...this.#alive].map(async (child) => {
        const gone = once(child, 'exit')
        child.kill('SIGKILL')
        await gone
      }),
    )
  }

  #next(): void {
    while (this.#idle.length > 0 && this.#queue.length > 0) {
      const child = this.#idle.shift()
      if (!child || !this.#alive.has(child)) continue
      const invocation = this.#queue.shift()
      if (invocation) this.#run(child, invocation)
    }
  }

  #run(child: ChildProcess, { event, resolve, reject }: Invocation): void {
    const startedMs = performance.now()
    const answered = (result: APIGatewayProxyStructuredResultV2) => {
      child.off('exit', died)
      this.#idle.push(child)
      resolve({ result, tookMs: performance.now() - startedMs })
      this.#next()
    }
    const died = () => {
      child.off('message', answered)
      reject(new InstanceDied(`worker ${child.pid ?? 0} died`))
    }
    child.once('message', answered)
    child.once('exit', died)
    // What can go wrong here is that it just died, and then `died` hears of it.
    child.send(event, () => undefined)
  }
}

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { toEnvironment, type WorkerConfig } from './worker/worker-config.js'

/** Whoever has not gone home after this is hung: all faults are over by then. */
const GO_HOME_MS = 30_000

/** A worker's process, as its keeper sees it. */
export interface Worker {
  readonly name: string
  readonly role: WorkerConfig['role']
  readonly pid: number
  isFrozen: boolean
  /** Whether it was killed: its end may be noticed a little later. */
  isKilled: boolean
  /** Whether it has loaded: to kill it before is no fault at all. */
  isReady(): boolean
}

interface Kept extends Worker {
  child: ChildProcess
  stderr: string
}

/** What a pool works with. */
export interface PoolOptions {
  /** The worker's module, bundled. */
  program: string
  /** The configuration of the next process. */
  configure(role: WorkerConfig['role']): WorkerConfig
  env: Readonly<Record<string, string>>
  writers: number
  readers: number
  /** Writers that have loaded everything and wait to take the place of a dead one: a start takes seconds of work. */
  spares: number
}

/** The worker processes: as many as there are to be, whoever dies. */
export class Pool {
  readonly #options: PoolOptions
  readonly #working = new Map<number, Kept>()
  readonly #spares: Kept[] = []
  readonly #everybody = new Map<number, Worker>()
  #isOver = false
  /** What went wrong with a process that nobody harmed. */
  readonly accidents: string[] = []

  constructor(options: PoolOptions) {
    this.#options = options
  }

  /** Starts everybody; resolves before they have loaded. */
  start(): void {
    const { writers, readers, spares } = this.#options
    for (let count = 0; count < writers; count++) this.#employ(this.#spawn('writer'))
    for (let count = 0; count < readers; count++) this.#employ(this.#spawn('reader'))
    for (let count = 0; count < spares; count++) this.#spares.push(this.#spawn('writer'))
  }

  /** Who works, the frozen included. */
  get working(): readonly Worker[] {
    return [...this.#working.values()].filter(({ isKilled }) => !isKilled)
  }

  /** Who has or had this process id; undefined where it was nobody of this pool. */
  find(pid: number): Worker | undefined {
    return this.#everybody.get(pid)
  }

  /** Kills one of them; says whether it was still there. */
  kill(worker: Worker): boolean {
    if (worker.isKilled) return false
    worker.isKilled = true
    return this.#working.get(worker.pid)?.child.kill('SIGKILL') ?? false
  }

  /** Stops one of them for a while; whoever `signal` wakes up goes on at once. */
  async freeze({ pid }: Worker, ms: number, signal: AbortSignal): Promise<void> {
    const worker = this.#working.get(pid)
    if (!worker || worker.isFrozen) return
    worker.isFrozen = true
    worker.child.kill('SIGSTOP')
    await sleep(ms, undefined, { signal }).catch(() => undefined)
    worker.child.kill('SIGCONT')
    worker.isFrozen = false
  }

  /** Sends everybody home, and kills who does not go. */
  async stop(): Promise<void> {
    this.#isOver = true
    const spares = this.#spares.splice(0)
    await Promise.all([...this.#working.values(), ...spares].map((worker) => this.#sendHome(worker)))
  }

  async #sendHome(worker: Kept): Promise<void> {
    const { child, name } = worker
    if (child.exitCode !== null || child.signalCode !== null) return
    const gone = once(child, 'exit')
    const timer = setTimeout(() => {
      this.accidents.push(`${name} did not go home within ${GO_HOME_MS} ms`)
      child.kill('SIGKILL')
    }, GO_HOME_MS)
    child.stdin?.end('stop\n')
    await gone
    clearTimeout(timer)
  }

  #employ(worker: Kept): void {
    this.#working.set(worker.pid, worker)
    worker.child.stdin?.write('go\n')
  }

  #spawn(role: WorkerConfig['role']): Kept {
    const { configure, env, program } = this.#options
    const config = configure(role)
    const child = spawn(process.execPath, [program], {
      env: { ...process.env, ...env, ...toEnvironment(config) },
      stdio: ['pipe', 'ignore', 'pipe'],
    })
    const isReady = () => existsSync(config.log)
    const worker: Kept = {
      name: config.name,
      role,
      pid: child.pid ?? -1,
      isFrozen: false,
      isKilled: false,
      isReady,
      child,
      stderr: '',
    }
    this.#everybody.set(worker.pid, worker)
    child.stderr?.on('data', (text: Buffer) => {
      worker.stderr = (worker.stderr + text.toString()).slice(-2000)
    })
    // Who is dead reads nothing.
    child.stdin?.on('error', () => undefined)
    child.on('exit', (code, signal) => this.#onExit(worker, code, signal))
    return worker
  }

  #onExit(worker: Kept, code: number | null, signal: NodeJS.Signals | null): void {
    const { name, pid, role, stderr } = worker
    const wasWorking = this.#working.delete(pid)
    const isExpected = signal === 'SIGKILL' || (this.#isOver && code === 0)
    if (!isExpected) this.accidents.push(`${name} ended with ${code ?? signal}: ${stderr.trim() || 'it said nothing'}`)
    if (this.#isOver || !wasWorking) return
    if (role === 'reader') return this.#employ(this.#spawn('reader'))
    this.#employ(this.#spares.shift() ?? this.#spawn('writer'))
    this.#spares.push(this.#spawn('writer'))
  }
}

import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { clearTimeout, setTimeout } from 'node:timers'

/** Nothing takes as long, on a busy machine neither: a process that does not answer by then hangs. */
const HANGS_MS = 60_000

/** A process that does what messages ask of it, one after the other. */
export class Worker<Request extends object, Reply> {
  readonly #child: ChildProcess
  #gone = false

  /** @param environment of the process that meets the faults; another one has none */
  constructor(script: string, environment: NodeJS.ProcessEnv = {}) {
    this.#child = fork(script, [], {
      execArgv: ['--conditions=@sqlite-efs/source', '--import', 'tsx'],
      env: { ...process.env, ...environment },
    })
    this.#child.once('exit', () => {
      this.#gone = true
    })
  }

  get isGone(): boolean {
    return this.#gone
  }

  /** Has it do something. Undefined where it died of it, or did not answer and was killed. */
  async ask(request: Request): Promise<Reply | undefined> {
    if (this.#gone) return undefined
    return new Promise((resolve) => {
      const hangs = setTimeout(() => this.#child.kill('SIGKILL'), HANGS_MS)
      const settle = (reply?: Reply) => {
        clearTimeout(hangs)
        this.#child.off('message', settle)
        this.#child.off('exit', died)
        resolve(reply)
      }
      const died = () => settle()
      this.#child.on('message', settle)
      this.#child.on('exit', died)
      this.#child.send(request)
    })
  }

  async end(): Promise<void> {
    if (this.#gone) return
    this.#child.kill('SIGKILL')
    await once(this.#child, 'exit')
  }
}

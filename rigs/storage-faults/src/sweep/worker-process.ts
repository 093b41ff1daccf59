import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Reply, Request } from './worker.js'

/** A process that uses the file. */
export class Worker {
  readonly #child: ChildProcess
  #gone = false

  /** @param environment of the process that meets the faults; another one has none */
  constructor(environment: NodeJS.ProcessEnv = {}) {
    this.#child = fork(fileURLToPath(new URL('worker.ts', import.meta.url)), [], {
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

  /** Has it do something. Undefined where it died of it. */
  async ask(request: Request): Promise<Reply | undefined> {
    if (this.#gone) return undefined
    return new Promise((resolve) => {
      const settle = (reply?: Reply) => {
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

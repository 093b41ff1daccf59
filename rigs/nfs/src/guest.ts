import { connect, type Socket } from 'node:net'
import { createInterface } from 'node:readline'
import { rig } from './rig.js'

/** The port of rigs/nfs/rig/agent.mjs. */
const PORT = 7000

interface Frame {
  pid?: number
  out?: string
  err?: string
  code?: number | null
  signal?: string | null
}

/** How a process in a guest ended; `lost` where its guest went away first. */
export type Ending = { code: number | null; signal: string | null } | 'lost'

/** A process in a guest. */
export class GuestProcess {
  readonly ended: Promise<Ending>
  readonly #guest: Guest
  readonly #socket: Socket
  readonly #started: Promise<number>
  #onLine: (line: string) => void = () => {}
  #unread = ''
  #errors = ''

  constructor(guest: Guest, address: string, command: string) {
    this.#guest = guest
    this.#socket = connect(PORT, address)
    this.#socket.write(`${JSON.stringify({ command })}\n`)
    let started: (pid: number) => void
    this.#started = new Promise((resolve) => {
      started = resolve
    })
    this.ended = new Promise((resolve) => {
      const frames = createInterface({ input: this.#socket })
      // Readline repeats the socket's own errors.
      frames.on('error', () => {})
      frames.on('line', (line) => {
        const frame = JSON.parse(line) as Frame
        if (frame.pid !== undefined) started(frame.pid)
        if (frame.out) this.#read(frame.out)
        if (frame.err) this.#errors += Buffer.from(frame.err, 'base64').toString()
        if (frame.code !== undefined) resolve({ code: frame.code, signal: frame.signal ?? null })
      })
      this.#socket.on('error', () => resolve('lost'))
      this.#socket.on('close', () => resolve('lost'))
    })
  }

  /** What it wrote to its standard error so far. */
  get errors(): string {
    return this.#errors
  }

  /** Hears of each line of its standard output. */
  onLine(listener: (line: string) => void): void {
    this.#onLine = listener
  }

  write(line: string): void {
    this.#socket.write(`${JSON.stringify({ input: `${line}\n` })}\n`)
  }

  async kill(signal: 'KILL' | 'STOP' | 'CONT'): Promise<void> {
    await this.#guest.run(`kill -${signal} ${await this.#started}`)
    if (signal === 'KILL') await this.ended
  }

  /** Resolves once the process has stopped itself, or has ended. */
  async stopped(): Promise<void> {
    const wait = `until grep -qs '^State:.T' /proc/${await this.#started}/status || ! test -e /proc/${await this.#started}; do sleep 0.05; done`
    await this.#guest.run(wait)
  }

  /** Hangs up; the agent kills what is still running. */
  hangUp(): void {
    this.#socket.destroy()
  }

  #read(data: string): void {
    const lines = (this.#unread + Buffer.from(data, 'base64').toString()).split('\n')
    this.#unread = lines.pop() ?? ''
    for (const line of lines) this.#onLine(line)
  }
}

/** One host: a Linux kernel of its own, with its own NFS client. */
export class Guest {
  readonly number: number
  readonly #processes = new Set<GuestProcess>()

  constructor(number: number) {
    this.number = number
  }

  start(command: string): GuestProcess {
    const process = new GuestProcess(this, `10.77.0.1${this.number}`, command)
    this.#processes.add(process)
    void process.ended.then(() => this.#processes.delete(process))
    return process
  }

  /** Runs a command to its end and returns what it printed. */
  async run(command: string): Promise<string> {
    const process = this.start(command)
    const lines: string[] = []
    process.onLine((line) => lines.push(line))
    const ending = await process.ended
    if (ending === 'lost') throw new Error(`guest ${this.number} went away during: ${command}`)
    if (ending.code !== 0) throw new Error(`guest ${this.number}: ${command}\n${process.errors}${lines.join('\n')}`)
    return lines.join('\n')
  }

  /** Freezes it, as AWS freezes a Lambda environment between invocations. */
  async freeze(): Promise<void> {
    await rig('pause', String(this.number))
  }

  async thaw(): Promise<void> {
    await rig('resume', String(this.number))
  }

  /** No unlock, no goodbye: the server finds out when the client's lease is over. */
  async powerOff(): Promise<void> {
    await rig('kill', String(this.number))
    this.hangUp()
  }

  /** Starts it, where it is not up. A client that comes back makes the server drop what it held before. */
  async boot(): Promise<void> {
    await rig('up', String(this.number))
  }

  /** Ends every process that was started here. */
  hangUp(): void {
    for (const process of this.#processes) process.hangUp()
  }

  /** The RPCs that this kernel's NFS client has sent so far, by their names. */
  async rpcs(): Promise<Map<string, number>> {
    const text = await this.run('cat /proc/self/mountstats')
    const operations = text.slice(text.indexOf('per-op statistics')).matchAll(/^\s+([A-Z_]+): (\d+) /gm)
    return new Map([...operations].map(([, name = '', count]) => [name, Number(count)]))
  }
}

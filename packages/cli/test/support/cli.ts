import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { inject, onTestFinished } from 'vitest'

/** How a command line ended, and what it said. */
export interface Ended {
  code: number | null
  signal: NodeJS.Signals | null
  stdout: string
  stderr: string
}

interface Surroundings {
  env?: Readonly<Record<string, string>>
  cwd?: string
}

/** The real command line in a process of its own, with nothing of this process's environment but what it needs to start. */
export class RunningCli {
  readonly process: ChildProcess
  readonly ended: Promise<Ended>
  #stdout = ''
  #stderr = ''
  #onOutput: () => void = () => {}

  constructor(args: readonly string[], { env = {}, cwd }: Surroundings = {}) {
    this.process = spawn(process.execPath, [inject('cli'), ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { PATH: process.env['PATH'], HOME: process.env['HOME'], ...env },
      ...(cwd !== undefined && { cwd }),
    })
    this.process.stdout?.on('data', (chunk) => {
      this.#stdout += String(chunk)
      this.#onOutput()
    })
    this.process.stderr?.on('data', (chunk) => {
      this.#stderr += String(chunk)
      this.#onOutput()
    })
    this.ended = once(this.process, 'close').then(([code, signal]) => ({
      code: code as number | null,
      signal: signal as NodeJS.Signals | null,
      stdout: this.#stdout,
      stderr: this.#stderr,
    }))
    onTestFinished(() => void this.process.kill('SIGKILL'))
  }

  /** Resolves once what was said so far, on stdout and stderr, matches; rejects when it ends without having said so. */
  async said(pattern: RegExp): Promise<void> {
    const matched = new Promise<void>((resolve) => {
      this.#onOutput = () => {
        if (pattern.test(this.#stdout) || pattern.test(this.#stderr)) resolve()
      }
      this.#onOutput()
    })
    const ended = this.ended.then((end) => {
      if (!pattern.test(end.stdout) && !pattern.test(end.stderr)) {
        throw new Error(`ended without a word of ${pattern}: ${JSON.stringify(end)}`)
      }
    })
    await Promise.race([matched, ended])
  }
}

/** Runs a command line to its end. */
export const cli = (args: readonly string[], surroundings?: Surroundings): Promise<Ended> =>
  new RunningCli(args, surroundings).ended

/** Runs it with `--json`, and gives back the one document of stdout. */
export async function cliJson(
  args: readonly string[],
  surroundings?: Surroundings,
  after: readonly string[] = [],
): Promise<{ code: number | null; document: Record<string, unknown>; stderr: string }> {
  const { code, stdout, stderr } = await cli([...args, '--json', ...after], surroundings)
  const lines = stdout.split('\n')
  if (lines.length !== 2) throw new Error(`not one document: ${JSON.stringify({ code, stdout, stderr })}`)
  return { code, document: JSON.parse(lines[0]!) as Record<string, unknown>, stderr }
}

/** The error that a command line with `--json` ended with. */
export function errorOf({ stdout, stderr }: Pick<Ended, 'stdout' | 'stderr'>): { code: string; message: string } {
  if (stdout !== '') throw new Error(`there is a result: ${stdout}`)
  const last = stderr.trimEnd().split('\n').at(-1)!
  return (JSON.parse(last) as { error: { code: string; message: string } }).error
}

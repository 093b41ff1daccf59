import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'

/** A process that goes on beside the test, which reads what it prints line by line. */
export interface Child {
  nextLine(): Promise<string>
  say(line: string): void
  /** Kills it, and resolves when it is gone. */
  kill(): Promise<void>
  /** Resolves with the signal that ended it; null where it ended by itself. */
  ended: Promise<string | null>
}

/** Starts a TypeScript file of this folder as a process. It does not outlive the test. */
export function startChild(file: string, args: string[]): Child {
  const child = spawn(
    process.execPath,
    ['--conditions=@sqlite-efs/source', '--import', 'tsx', fileURLToPath(new URL(file, import.meta.url)), ...args],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  )
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const ended = once(child, 'close').then(([, signal]) => signal as string | null)
  const kill = async () => {
    child.kill('SIGKILL')
    await ended
  }
  onTestFinished(kill)
  return {
    nextLine: async () => String((await lines.next()).value),
    say: (line) => void child.stdin.write(`${line}\n`),
    kill,
    ended,
  }
}

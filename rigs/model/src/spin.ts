import { execFile, spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { temporaryFolder } from '@sqlite-efs/toolkit/temporary-folder'

const MODEL = fileURLToPath(new URL('.', import.meta.url))

const run = promisify(execFile)

/** What a search is allowed to use. */
export interface Limits {
  memoryMb: number
}

/** What Spin said of one configuration. */
export interface Verdict {
  /** The assertion that failed, or `invalid end state` where nothing was possible any more; undefined where all holds. */
  violation: string | undefined
  /** Atomic actions to the violation, the shortest there is; or to the farthest state. */
  depth: number
  states: number
  memoryMb: number
  seconds: number
  /** The violation in words, one action a line. */
  trail: string[]
  /** Actions of the model that never happened. */
  unreached: number
}

/** What is missing to run the model here, as a message; undefined where nothing is. */
export function missingTools(): string | undefined {
  const packages = [
    { command: 'spin', args: ['-V'], name: 'spin' },
    { command: 'gcc', args: ['--version'], name: 'gcc libc6-dev' },
  ]
  const missing = packages.filter(({ command, args }) => spawnSync(command, args).status !== 0)
  if (missing.length === 0) return undefined
  const commands = missing.map(({ command }) => command).join(' and ')
  const names = missing.map(({ name }) => name).join(' ')
  return `The model of the lease needs ${commands}, not found here. On Debian: apt-get install ${names}`
}

/**
 * Searches every state of one configuration, breadth first and without any lossy storage.
 *
 * @throws Error where Spin or the compiler fails, or the search does not come to its end
 */
export async function search(flags: readonly string[], { memoryMb }: Limits): Promise<Verdict> {
  using folder = temporaryFolder('sqlite-efs-model')
  const options = { cwd: folder.path, maxBuffer: 2 ** 26 }
  const defines = flags.map((flag) => `-D${flag}`)
  await run('spin', [...defines, '-a', join(MODEL, 'lease.pml')], options)
  // Exact: no bit state, no hash compaction. With one process there is nothing for partial order reduction to do.
  const exact = ['-DBFS', '-DSAFETY', '-DNOREDUCE', `-DMEMLIM=${memoryMb}`]
  await run('gcc', ['-O2', '-w', ...exact, ...defines, `-I${MODEL}`, '-o', 'pan', 'pan.c'], options)
  // A violation is no failure of the command; its output says what it was.
  const { stdout } = await run('./pan', ['-w24'], options)
  const verdict = read(stdout)
  if (verdict.violation === undefined) return verdict
  const replayed = await run('./pan', ['-r', 'lease.pml.trail'], options)
  return { ...verdict, trail: actionsOf(replayed.stdout) }
}

function read(output: string): Verdict {
  const number = (pattern: RegExp) => Number(pattern.exec(output)?.[1] ?? Number.NaN)
  const errors = number(/errors: (\d+)/)
  const failed = /^pan:1: (assertion violated|invalid end state)(.*) \(at depth \d+\)/m.exec(output)
  const violation = failed ? (failed[1] === 'invalid end state' ? failed[1] : (failed[2] ?? '').trim()) : undefined
  const isComplete = output.includes('Full statespace search') && !output.includes('Search not completed')
  const isPlain = errors === (violation === undefined ? 0 : 1)
  if (!isPlain || (violation === undefined && !isComplete)) throw new Error(`The search did not end:\n${output}`)
  return {
    violation,
    depth: number(/depth reached (\d+)/),
    states: number(/([\d.e+]+) states, stored/),
    memoryMb: number(/([\d.]+)\s+total actual memory usage/),
    seconds: number(/elapsed time ([\d.e+-]+) seconds/),
    trail: [],
    unreached: Math.max(0, number(/\((\d+) of \d+ states\)/) - (output.includes('"-end-"') ? 1 : 0)),
  }
}

/** What the model's own printf said, between Spin's first and last words. */
function actionsOf(output: string): string[] {
  const lines = output.split('\n')
  const end = lines.findIndex((line) => line.startsWith('pan:1:') || line.startsWith('spin: trail ends'))
  return lines.slice(0, end < 0 ? lines.length : end).filter((line) => line !== '' && !/^\s*\d+:\s*proc/.test(line))
}

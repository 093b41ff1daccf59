import { type ChildProcess, spawn } from 'node:child_process'
import { createRequire } from 'node:module'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { environmentVariables } from './environment-variables.js'
import type { Settings } from './options.js'

const PRELOAD = fileURLToPath(new URL('../runtime/preload.cjs', import.meta.url))
/** The loop that Lambda's `nodejs24.x` runs. */
const RUNTIME = createRequire(import.meta.url).resolve('aws-lambda-ric')

/** How a process ended, or why there was none. */
export interface Ending {
  code: number | null
  signal: NodeJS.Signals | null
  error?: Error
}

/** Starts the runtime in a process, with the flags and the environment that Lambda gives it. */
export function startProcess(
  settings: Settings,
  own: { runtimeApi: string; logStreamName: string },
): { child: ChildProcess; ending: Promise<Ending> } {
  const { folder, node, memoryMb, log } = settings
  const child = spawn(
    node,
    [
      '--expose-gc',
      '--max-http-header-size=81920',
      `--max-semi-space-size=${Math.ceil(memoryMb / 20)}`,
      `--max-old-space-size=${Math.floor(memoryMb * 0.9)}`,
      '--require',
      PRELOAD,
      RUNTIME,
    ],
    { cwd: folder, env: environmentVariables(settings, own), stdio: ['ignore', 'pipe', 'pipe'] },
  )
  for (const output of [child.stdout, child.stderr]) createInterface(output).on('line', log)
  const ending = new Promise<Ending>((resolve) => {
    child.once('exit', (code, signal) => resolve({ code, signal }))
    child.once('error', (error) => resolve({ code: null, signal: null, error }))
  })
  return { child, ending }
}
